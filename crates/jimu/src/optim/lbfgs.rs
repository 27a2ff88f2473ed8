//! Limited-memory BFGS.

use std::collections::VecDeque;

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::groups::MAX_SCALARS;
use super::hyper_parameter::{HyperParameter, a_number, anything, options, value};
use super::line_search::{Point, strong_wolfe};
use super::{Groups, Optimizer, OptimizerState, OptimizerStateError, ParamGroup, Rule};
use crate::dtype::DType;
use crate::error::{ShapeError, raise};
use crate::{Tensor, no_grad};

/// Limited-memory BFGS: steps along the gradient times an estimate of the inverse Hessian, from the last changes of the
/// gradient: [`torch.optim.LBFGS`](https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html).
///
/// One step evaluates the loss several times, so it needs a closure that computes the loss and its gradients: see
/// [`step_with`](Optimizer::step_with). It suits small problems with all samples in one batch. There is one parameter
/// group; the memory is that of the parameters times twice the `history_size`.
///
/// ```text
/// d = -H·g                                  (H from the last pairs s = t·d, y = g - g_before, by two loops)
/// θ = θ + t·d                               (t = lr, or from the line search; at first lr·min(1, 1/|g|₁))
/// ```
///
/// Nocedal, [*Updating quasi-Newton matrices with limited storage*](https://doi.org/10.2307/2006193), 1980; the line
/// search: Nocedal and Wright, *Numerical optimization*, 2006, algorithms 3.5 and 3.6.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Lbfgs, LineSearch, Optimizer};
///
/// // Rosenbrock's valley, with its minimum at (1, 1).
/// let (x, y) = (Tensor::new([-1.5]).requires_grad_(), Tensor::new([2.0]).requires_grad_());
/// let mut opt = Lbfgs::new([x.clone(), y.clone()], 1.0).line_search_fn(LineSearch::StrongWolfe).max_iter(100);
/// opt.step_with(&mut || {
///     x.set_grad(None);
///     y.set_grad(None);
///     let loss = ((1.0 - &x).square() + (&y - x.square()).square() * 100.0).sum();
///     loss.backward();
///     loss
/// });
/// assert!((x.item() - 1.0).abs() < 1e-3 && (y.item() - 1.0).abs() < 1e-3);
/// ```
pub struct Lbfgs {
    groups: Groups<LbfgsOptions>,
    history: History,
}

impl Lbfgs {
    /// An optimiser of `params` with the learning rate `lr`; 1 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Lbfgs, Optimizer};
    /// let w = Tensor::new([3.0]).requires_grad_();
    /// let mut opt = Lbfgs::new([w.clone()], 1.0);
    /// let loss = opt.step_with(&mut || {
    ///     w.set_grad(None);
    ///     let loss = (&w * &w).sum();
    ///     loss.backward();
    ///     loss
    /// });
    /// assert_eq!(loss.item(), 9.0); // the loss before the step
    /// assert!(w.item().abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, LbfgsOptions::new(lr)), history: History::default() }
    }
}

/// How [`Lbfgs`] chooses the length of a step.
///
/// ```
/// use jimu::{Tensor, optim::{Lbfgs, LineSearch}};
/// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).line_search_fn(LineSearch::StrongWolfe);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineSearch {
    /// The learning rate: `None` in PyTorch, the default.
    #[default]
    Fixed,
    /// Along the direction until the loss has fallen enough and its slope is small enough: `"strong_wolfe"`.
    StrongWolfe,
}

value! {
    LineSearch, |choice| match choice {
        LineSearch::Fixed => Self::None,
        LineSearch::StrongWolfe => Self::Text("strong_wolfe".to_owned()),
    },
        HyperParameter::None => Some(LineSearch::Fixed),
        HyperParameter::Text(name) => (name == "strong_wolfe").then_some(LineSearch::StrongWolfe);
}

options! {
    /// The hyper-parameters of [`Lbfgs`].
    ///
    /// ```
    /// use jimu::{Tensor, optim::{HyperParameter, Lbfgs, Optimizer}};
    /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0);
    /// assert_eq!(opt.param_groups()[0].hyper_parameter("max_iter"), Some(HyperParameter::Integer(20)));
    /// ```
    Lbfgs, LbfgsOptions {
        /// The most iterations in one step: 20 by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Lbfgs};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).max_iter(50);
        /// ```
        max_iter: usize = 20, anything;
        /// The most evaluations of the loss in one step: 1.25·`max_iter` by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Lbfgs};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).max_eval(Some(30));
        /// ```
        max_eval: Option<usize> = None, anything;
        /// The largest element of the gradient at which a step ends: 1e-7 by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Lbfgs};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).tolerance_grad(1e-5);
        /// ```
        tolerance_grad: f64 = 1e-7, a_number;
        /// The change of the loss, and of the parameters, at which a step ends: 1e-9 by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Lbfgs};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).tolerance_change(1e-6);
        /// ```
        tolerance_change: f64 = 1e-9, a_number;
        /// How many changes of the gradient are remembered: 100 by default.
        ///
        /// # Panics
        /// If it is 0.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Lbfgs};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).history_size(10);
        /// ```
        history_size: usize = 100, at_least_one;
        /// How the length of a step is chosen: [`LineSearch::Fixed`] by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::{Lbfgs, LineSearch}};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).line_search_fn(LineSearch::StrongWolfe);
        /// ```
        line_search_fn: LineSearch = LineSearch::Fixed, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Lbfgs};
        /// let opt = Lbfgs::new([Tensor::zeros([2])], 1.0).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

fn at_least_one(size: usize) -> Result<(), &'static str> {
    if size > 0 { Ok(()) } else { Err("give a number that is 1 or more") }
}

impl LbfgsOptions {
    fn evaluations(&self) -> usize {
        self.max_eval.unwrap_or(self.max_iter * 5 / 4)
    }
}

impl Rule for LbfgsOptions {
    const NAME: &'static str = "Lbfgs";
    const BUFFERS: &'static [&'static str] = &[];
    type Update = NoUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [false; MAX_STATE]
    }

    fn update(&self, _: &mut [f64; MAX_SCALARS], _: bool) -> NoUpdate {
        NoUpdate
    }
}

/// All parameters move along one direction, so there is nothing to do element by element.
#[derive(Clone, Copy)]
pub(super) struct NoUpdate;

impl Update for NoUpdate {
    fn apply<T: Real>(&self, _: Part<'_, T>) {}
}

/// What is remembered from iteration to iteration, by PyTorch's names.
#[derive(Clone, Default)]
struct History {
    func_evals: usize,
    n_iter: usize,
    d: Option<Tensor>,
    t: f64,
    /// Changes of the gradient, with the steps that made them and 1 / (y·s).
    old_dirs: VecDeque<Tensor>,
    old_stps: VecDeque<Tensor>,
    ro: VecDeque<f64>,
    h_diag: f64,
    prev_flat_grad: Option<Tensor>,
    prev_loss: f64,
}

impl History {
    /// The next direction at the gradient `g`.
    fn direction(&mut self, g: &Tensor, history_size: usize) -> Tensor {
        let (Some(d), Some(before)) = (&self.d, &self.prev_flat_grad) else {
            (self.h_diag, self.n_iter) = (1.0, 1);
            return -g;
        };
        self.n_iter += 1;
        let (y, s) = (g - before, d * self.t);
        let ys = dot(&y, &s);
        if ys > 1e-10 {
            if self.old_dirs.len() == history_size {
                self.old_dirs.pop_front();
                self.old_stps.pop_front();
                self.ro.pop_front();
            }
            self.h_diag = ys / dot(&y, &y);
            self.old_dirs.push_back(y);
            self.old_stps.push_back(s);
            self.ro.push_back(1.0 / ys);
        }
        self.two_loops(g)
    }

    /// The estimated inverse Hessian times `-g`.
    fn two_loops(&self, g: &Tensor) -> Tensor {
        let pairs = || self.old_dirs.iter().zip(&self.old_stps).zip(&self.ro);
        let mut q = -g;
        let mut shares = Vec::new();
        for ((y, s), ro) in pairs().rev() {
            let share = dot(s, &q) * ro;
            q -= y * share;
            shares.push(share);
        }
        let mut r = q * self.h_diag;
        for (((y, s), ro), share) in pairs().zip(shares.into_iter().rev()) {
            r = &r + s * (share - dot(y, &r) * ro);
        }
        r
    }
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    a.dot(b).item()
}

fn largest(x: &Tensor) -> f64 {
    x.abs().max().item()
}

impl Lbfgs {
    fn params(&self) -> Vec<Tensor> {
        self.groups.param_groups()[0].params().to_vec()
    }

    /// All gradients in one row; 0 where there is none.
    fn flat_grad(params: &[Tensor], maximize: bool) -> Tensor {
        let dtype = params.iter().map(Tensor::dtype).fold(DType::F32, DType::promote);
        let rows: Vec<Tensor> = params
            .iter()
            .map(|param| match param.grad() {
                Some(gradient) => gradient.detach().to(dtype).reshape([-1]),
                None => Tensor::zeros_of([param.numel()], dtype),
            })
            .collect();
        let flat = Tensor::cat(&rows.iter().collect::<Vec<_>>(), 0);
        if maximize { -flat } else { flat }
    }

    /// Adds `t·d` to the parameters.
    fn advance(params: &[Tensor], t: f64, d: &Tensor) {
        let mut start = 0;
        for param in params {
            let part = d.narrow(0, start, param.numel()).reshape(param.size()).to(param.dtype());
            param.add_scaled_(&part, t);
            start += param.numel() as isize;
        }
    }
}

impl Optimizer for Lbfgs {
    #[track_caller]
    fn step(&mut self) {
        raise(
            ShapeError::new("Lbfgs", "a step needs the loss at several places")
                .help("give it a closure that computes the loss and its gradients: opt.step_with(&mut || …)"),
        );
    }

    fn step_with(&mut self, closure: &mut dyn FnMut() -> Tensor) -> Tensor {
        let options = self.groups.options().clone();
        let params = self.params();
        let sign = if options.maximize { -1.0 } else { 1.0 };
        let first = closure();
        let mut loss = sign * first.item();
        let mut evaluations = 1;
        self.history.func_evals += 1;
        let mut g = Self::flat_grad(&params, options.maximize);
        if largest(&g) <= options.tolerance_grad {
            return first;
        }
        let mut history = self.history.clone();
        for iteration in 1..=options.max_iter {
            let d = no_grad(|| history.direction(&g, options.history_size));
            let slope = dot(&g, &d);
            let lr = options.lr;
            let mut t = if history.n_iter == 1 { lr * (1.0 / g.abs().sum().item()).min(1.0) } else { lr };
            let before = loss;
            (history.d, history.t, history.prev_loss) = (Some(d.clone()), t, loss);
            history.prev_flat_grad = Some(g.clone());
            if slope > -options.tolerance_change {
                break;
            }
            let budget = options.evaluations().saturating_sub(evaluations);
            let spent = match options.line_search_fn {
                LineSearch::StrongWolfe => {
                    let start: Vec<Tensor> = params.iter().map(Tensor::detach).collect();
                    let mut evaluate = |t: f64| {
                        no_grad(|| Self::advance(&params, t, &d));
                        let f = sign * closure().item();
                        let g = Self::flat_grad(&params, options.maximize);
                        no_grad(|| params.iter().zip(&start).for_each(|(param, start)| drop(param.copy_(start))));
                        Point { t, f, slope: dot(&g, &d), g }
                    };
                    let here = Point { t: 0.0, f: loss, slope, g: g.clone() };
                    let (found, spent) = strong_wolfe(&mut evaluate, here, t, largest(&d), budget);
                    (loss, g, t) = (found.f, found.g, found.t);
                    no_grad(|| Self::advance(&params, t, &d));
                    spent
                }
                LineSearch::Fixed => {
                    no_grad(|| Self::advance(&params, t, &d));
                    // After the last iteration nobody asks for the loss.
                    if iteration == options.max_iter {
                        0
                    } else {
                        loss = sign * closure().item();
                        g = Self::flat_grad(&params, options.maximize);
                        1
                    }
                }
            };
            history.t = t;
            evaluations += spent;
            history.func_evals += spent;
            let still = largest(&d) * t.abs() <= options.tolerance_change;
            let done = evaluations >= options.evaluations() || largest(&g) <= options.tolerance_grad;
            if done || still || (loss - before).abs() < options.tolerance_change {
                break;
            }
        }
        self.history = history;
        first
    }

    fn param_groups(&self) -> Vec<&dyn ParamGroup> {
        self.groups.param_groups()
    }

    fn param_groups_mut(&mut self) -> Vec<&mut dyn ParamGroup> {
        self.groups.param_groups_mut()
    }

    /// The state belongs to all parameters together; as in PyTorch it is listed as that of the first. Lists are
    /// numbered: `state.0.old_dirs.3`.
    fn state_dict(&self) -> OptimizerState {
        let mut state = self.groups.state_dict();
        let evaluations = self.groups.options().evaluations();
        state.groups[0].hyper_parameters.insert("max_eval".to_owned(), evaluations.into());
        state
            .tensors
            .extend(self.history.tensors().into_iter().map(|(name, tensor)| (format!("{PREFIX}{name}"), tensor)));
        state
    }

    fn load_state_dict(&mut self, state: &OptimizerState) -> Result<(), OptimizerStateError> {
        let size: usize = self.params().iter().map(Tensor::numel).sum();
        let mut history = History::default();
        for (name, tensor) in &state.tensors {
            history.read(name, tensor, size)?;
        }
        let options = OptimizerState { groups: state.groups.clone(), ..OptimizerState::default() };
        self.groups.load_state_dict(&options)?;
        self.history = history;
        Ok(())
    }
}

const PREFIX: &str = "state.0.";

impl History {
    fn tensors(&self) -> Vec<(String, Tensor)> {
        if self.func_evals == 0 {
            return Vec::new();
        }
        let number = |value: f64| Tensor::full_of([], value, DType::F64);
        let count = |value: usize| Tensor::full_of([], value as i64, DType::I64);
        let mut named =
            vec![("func_evals".to_owned(), count(self.func_evals)), ("n_iter".to_owned(), count(self.n_iter))];
        let (Some(d), Some(before)) = (&self.d, &self.prev_flat_grad) else { return named };
        for (name, tensor) in [
            ("d", d.clone()),
            ("prev_flat_grad", before.clone()),
            ("t", number(self.t)),
            ("H_diag", number(self.h_diag)),
            ("prev_loss", number(self.prev_loss)),
        ] {
            named.push((name.to_owned(), tensor));
        }
        for (index, ((y, s), &ro)) in self.old_dirs.iter().zip(&self.old_stps).zip(&self.ro).enumerate() {
            named.push((format!("old_dirs.{index}"), y.clone()));
            named.push((format!("old_stps.{index}"), s.clone()));
            named.push((format!("ro.{index}"), number(ro)));
        }
        named
    }

    /// Reads one tensor of a state dict. Lists come in the order of their names, so each is filled up to its number.
    fn read(&mut self, name: &str, tensor: &Tensor, size: usize) -> Result<(), OptimizerStateError> {
        let unknown = || OptimizerStateError::UnknownTensor { name: name.to_owned(), optimizer: LbfgsOptions::NAME };
        let own = name.strip_prefix(PREFIX).ok_or_else(unknown)?;
        let (own, index) = match own.split_once('.') {
            Some((list, index)) => (list, index.parse::<usize>().map_err(|_| unknown())?),
            None => (own, 0),
        };
        let row = || match tensor.shape()[..] == [size] && tensor.dtype().is_floating_point() {
            true => Ok(tensor.detach()),
            false => Err(shape_error(name, tensor, &[size])),
        };
        let number = || match tensor.dim() == 0 && !tensor.is_meta() {
            true => Ok(tensor.item()),
            false => Err(shape_error(name, tensor, &[])),
        };
        match own {
            // PyTorch's scratch space.
            "al" => {}
            "func_evals" => self.func_evals = number()? as usize,
            "n_iter" => self.n_iter = number()? as usize,
            "d" => self.d = Some(row()?),
            "prev_flat_grad" => self.prev_flat_grad = Some(row()?),
            "t" => self.t = number()?,
            "H_diag" => self.h_diag = number()?,
            "prev_loss" => self.prev_loss = number()?,
            "old_dirs" => put(&mut self.old_dirs, index, row()?, Tensor::zeros([0])).ok_or_else(unknown)?,
            "old_stps" => put(&mut self.old_stps, index, row()?, Tensor::zeros([0])).ok_or_else(unknown)?,
            "ro" => put(&mut self.ro, index, number()?, 0.0).ok_or_else(unknown)?,
            _ => return Err(unknown()),
        }
        Ok(())
    }
}

fn shape_error(name: &str, tensor: &Tensor, expected: &[usize]) -> OptimizerStateError {
    let (found, expected) = (tensor.shape().to_vec(), expected.to_vec());
    OptimizerStateError::Shape { name: name.to_owned(), found, expected }
}

/// Sets element `index` of a list, growing it; `None` if the number cannot be one of a history.
fn put<T: Clone>(list: &mut VecDeque<T>, index: usize, value: T, filler: T) -> Option<()> {
    const LONGEST: usize = 1 << 16;
    if index >= LONGEST {
        return None;
    }
    if list.len() <= index {
        list.resize(index + 1, filler);
    }
    list[index] = value;
    Some(())
}

#[cfg(test)]
#[path = "lbfgs_tests.rs"]
mod tests;
