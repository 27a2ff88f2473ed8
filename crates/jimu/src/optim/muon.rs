//! Muon.

use half::bf16;
use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::groups::{Buffers, MAX_SCALARS};
use super::hyper_parameter::{HyperParameter, anything, at_least_zero, value};
use super::{Groups, Rule, optimizer};
use crate::dtype::DType;
use crate::error::ShapeError;
use crate::no_grad;
use crate::tensor::{Layout, Tensor};

/// Muon: momentum whose update is made orthogonal before each step, for the weight matrices of hidden layers:
/// [`torch.optim.Muon`](https://pytorch.org/docs/stable/generated/torch.optim.Muon.html).
///
/// ```text
/// b = momentum·b + (1 - momentum)·gradient
/// u = NS(b)                                    (nesterov: NS(momentum·b + (1 - momentum)·gradient))
/// θ = θ - lr·weight_decay·θ
/// θ = θ - lr·ratio·u                           (ratio: see AdjustLr)
/// ```
///
/// `NS` are `ns_steps` iterations of Newton and Schulz, `X = a·X + (b·XXᵀ + c·(XXᵀ)²)·X`, which bring all singular
/// values near 1. As in PyTorch they are rounded to bfloat16, so the update has 2 to 3 digits.
///
/// Parameters must be matrices; train biases, embeddings and the last layer with [`AdamW`](super::AdamW). Jordan et al.,
/// [*Muon: an optimizer for hidden layers in neural networks*](https://kellerjordan.github.io/posts/muon/), 2024.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Muon, Optimizer};
///
/// let w = Tensor::new([[3.0, -2.0], [1.0, 4.0]]).requires_grad_();
/// let mut opt = Muon::new([w.clone()], 0.05);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.1));
/// ```
pub struct Muon {
    groups: Groups<MuonOptions>,
}

impl Muon {
    /// An optimiser of `params` with the learning rate `lr`; 0.001 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one is no matrix or cannot be trained (it is not a leaf, or its
    /// elements are not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Muon, Optimizer};
    /// let w = Tensor::zeros([4, 3]).requires_grad_();
    /// let mut opt = Muon::new([w.clone()], 0.1).weight_decay(0.0);
    /// w.set_grad(Some(Tensor::randn([4, 3])));
    /// opt.step();
    /// assert!(w.to_vec::<f32>().iter().any(|w| *w != 0.0));
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, MuonOptions::new(lr)) }
    }
}

/// How [`Muon`] adapts the learning rate to the shape [a, b] of a matrix.
///
/// ```
/// use jimu::{Tensor, optim::{AdjustLr, Muon}};
/// let opt = Muon::new([Tensor::zeros([4, 3])], 3e-4).adjust_lr_fn(AdjustLr::MatchRmsAdamW);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdjustLr {
    /// √max(1, a/b), as its author does: `"original"`, PyTorch's default.
    #[default]
    Original,
    /// 0.2·√max(a, b), so that updates are as large as AdamW's and its learning rate and weight decay fit:
    /// `"match_rms_adamw"` ([Liu et al.](https://arxiv.org/abs/2502.16982), 2025).
    MatchRmsAdamW,
    /// √(a/b): `"spectral_unclamped"` ([Bernstein](https://jeremybernste.in/writing/deriving-muon), 2025).
    SpectralUnclamped,
}

impl AdjustLr {
    fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::MatchRmsAdamW => "match_rms_adamw",
            Self::SpectralUnclamped => "spectral_unclamped",
        }
    }

    fn find(name: &str) -> Option<Self> {
        [Self::Original, Self::MatchRmsAdamW, Self::SpectralUnclamped].into_iter().find(|choice| choice.name() == name)
    }

    fn ratio(self, shape: &[usize]) -> f64 {
        let (a, b) = (shape[0] as f64, shape[1] as f64);
        match self {
            Self::Original => (a / b).max(1.0).sqrt(),
            Self::MatchRmsAdamW => 0.2 * a.max(b).sqrt(),
            Self::SpectralUnclamped => (a / b).sqrt(),
        }
    }
}

value! {
    AdjustLr, |choice| Self::Text(choice.name().to_owned()),
        HyperParameter::None => Some(AdjustLr::Original), HyperParameter::Text(name) => AdjustLr::find(name);
}

optimizer! {
    /// The hyper-parameters of one group of [`Muon`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Muon, MuonOptions, Optimizer};
    /// let slower = |group: MuonOptions| group.lr(1e-4);
    /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).add_param_group([Tensor::zeros([3, 2])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Muon, MuonOptions {
        /// How fast the parameters decay: each step takes `lr·weight_decay` of them. 0.1 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Muon};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).weight_decay(0.01);
        /// ```
        weight_decay: f64 = 0.1, at_least_zero;
        /// The weight of the past in the running average of the gradient: 0.95 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Muon};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).momentum(0.9);
        /// ```
        momentum: f64 = 0.95, at_least_zero;
        /// Nesterov's momentum, which looks one step ahead: the default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Muon};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).nesterov(false);
        /// ```
        nesterov: bool = true, anything;
        /// The coefficients a, b, c of the iteration: (3.4445, -4.775, 2.0315) by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Muon};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).ns_coefficients((2.0, -1.5, 0.5));
        /// ```
        ns_coefficients: (f64, f64, f64) = (3.4445, -4.775, 2.0315), anything;
        /// The least norm that the update is divided by: 1e-7 by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Muon};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).eps(1e-6);
        /// ```
        eps: f64 = 1e-7, anything;
        /// The number of iterations: 5 by default.
        ///
        /// # Panics
        /// If it is 100 or more.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Muon};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).ns_steps(3);
        /// ```
        ns_steps: usize = 5, below_a_hundred;
        /// How the learning rate is adapted to a matrix's shape: [`AdjustLr::Original`] by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::{AdjustLr, Muon}};
        /// let opt = Muon::new([Tensor::zeros([2, 2])], 1e-3).adjust_lr_fn(AdjustLr::SpectralUnclamped);
        /// ```
        adjust_lr_fn: AdjustLr = AdjustLr::Original, anything;
    }
}

fn below_a_hundred(steps: usize) -> Result<(), &'static str> {
    if steps < 100 { Ok(()) } else { Err("give a number below 100: 5 iterations are usual") }
}

impl Rule for MuonOptions {
    const NAME: &'static str = "Muon";
    const BUFFERS: &'static [&'static str] = &["momentum_buffer"];
    type Update = MuonUpdate;

    fn check_param(param: &Tensor) -> Result<(), ShapeError> {
        match param.dim() {
            2 => Ok(()),
            _ => Err(ShapeError::new(Self::NAME, format!("a parameter of shape {} is no matrix", param.shape()))
                .help("give the weights of linear layers; train biases and all else with AdamW")),
        }
    }

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, false, false]
    }

    /// The orthogonal update, times the ratio for the learning rate.
    fn direction(&self, gradient: Tensor, buffers: &mut Buffers) -> Tensor {
        let order = gradient.layout().memory_order();
        let stored = buffers[0].as_mut().expect("Muon has a momentum");
        no_grad(|| {
            let layout = Layout { offset: 0, ..gradient.layout().clone() };
            let old = Tensor::from_storage(stored.clone(), layout);
            let momentum = lerp(&old, &gradient, 1.0 - self.momentum).to_memory_order(&order);
            *stored = momentum.storage();
            let update = if self.nesterov { lerp(&gradient, &momentum, self.momentum) } else { momentum };
            let update = self.orthogonal(&update) * self.adjust_lr_fn.ratio(gradient.shape());
            update.to(gradient.dtype()).to_memory_order(&order)
        })
    }

    fn update(&self, _: &mut [f64; MAX_SCALARS], _: bool) -> MuonUpdate {
        MuonUpdate { shrink: 1.0 - self.lr * self.weight_decay, lr: self.lr }
    }
}

impl MuonOptions {
    /// The iterations of Newton and Schulz, with the rounding of arithmetic in bfloat16.
    fn orthogonal(&self, matrix: &Tensor) -> Tensor {
        let tall = matrix.shape()[0] > matrix.shape()[1];
        let x = matrix.to(DType::F32);
        let x = rounded(if tall { x.t() } else { x } * 1.0);
        let norm = rounded(x.square().sum().sqrt()).clamp_min(self.eps);
        let mut x = rounded(x / norm);
        let (a, b, c) = self.ns_coefficients;
        for _ in 0..self.ns_steps {
            let gram = rounded(x.matmul(&x.t()));
            let polynomial = rounded(&gram * b + gram.matmul(&gram) * c);
            x = rounded(&x * a + polynomial.matmul(&x));
        }
        if tall { x.t() } else { x }
    }
}

/// The elements of a fresh tensor rounded to bfloat16.
fn rounded(fresh: Tensor) -> Tensor {
    fresh.update::<f32, _>(|elements| elements.iter_mut().for_each(|x| *x = bf16::from_f32(*x).to_f32()));
    fresh
}

/// `from + weight·(to - from)`, from the nearer end.
fn lerp(from: &Tensor, to: &Tensor, weight: f64) -> Tensor {
    if weight < 0.5 { from + (to - from) * weight } else { to - (to - from) * (1.0 - weight) }
}

#[derive(Clone, Copy)]
pub(super) struct MuonUpdate {
    shrink: f64,
    lr: f64,
}

impl Update for MuonUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [shrink, lr] = [self.shrink, self.lr].map(T::of);
        for (value, &direction) in part.values.iter_mut().zip(part.gradient) {
            *value = *value * shrink - lr * direction;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Optimizer;
    use crate::optim::testing::message;

    /// Four steps from the sine of 0, 1, 2, … end where PyTorch's do, to the digits of bfloat16.
    #[track_caller]
    fn follows(shape: [usize; 2], make: impl Fn([Tensor; 1]) -> Muon, expected: &[f32]) {
        let count = Tensor::arange(0, expected.len() as i64).to(DType::F32);
        let run = |w: Tensor| {
            let w = w.requires_grad_();
            let mut opt = make([w.clone()]);
            for step in 0..4 {
                w.set_grad(Some((&count * (1.3 + f64::from(step))).cos().reshape(shape)));
                opt.step();
            }
            w.to_vec::<f32>()
        };
        let w = run(count.sin().reshape(shape));
        let close = w.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1.5e-3);
        assert!(close, "{w:?}, but PyTorch has {expected:?}");
        // The memory order of the parameter has no say.
        assert_eq!(run(count.sin().reshape(shape).t().to_contiguous().t()), w);
    }

    #[test]
    fn follows_pytorch() {
        follows([2, 3], |w| Muon::new(w, 0.1), &[-0.2626289, 0.8395986, 0.8733014, 0.1271855, -0.8445678, -1.0445192]);
        follows(
            [4, 2],
            |w| {
                let opt = Muon::new(w, 0.1).nesterov(false).momentum(0.9).weight_decay(0.01).ns_steps(3);
                opt.adjust_lr_fn(AdjustLr::MatchRmsAdamW)
            },
            &[-0.120915, 0.8378309, 0.9478827, 0.16286, -0.7586339, -0.9970881, -0.2826483, 0.7723222],
        );
        follows(
            [3, 2],
            |w| {
                let opt = Muon::new(w, 0.1).adjust_lr_fn(AdjustLr::SpectralUnclamped);
                opt.ns_coefficients((2.0, -1.5, 0.5))
            },
            &[-0.4435595, 0.8832011, 0.9794899, 0.1806075, -0.7361382, -1.0767086],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        let step = |w: &Tensor, opt: &mut Muon| {
            w.set_grad(Some(w.detach().cos()));
            opt.step();
        };
        let w = Tensor::new([[0.5, -1.0], [2.0, 0.25]]).requires_grad_();
        let mut first = Muon::new([w.clone()], 0.1).ns_steps(4).adjust_lr_fn(AdjustLr::MatchRmsAdamW);
        step(&w, &mut first);
        let stopped = (w.to_vec::<f32>(), first.state_dict());
        step(&w, &mut first);
        let resumed = Tensor::from_vec(stopped.0, [2, 2]).requires_grad_();
        let mut second = Muon::new([resumed.clone()], 1.0);
        second.load_state_dict(&stopped.1).unwrap();
        step(&resumed, &mut second);
        assert_eq!(w.to_vec::<f32>(), resumed.to_vec::<f32>());
    }

    #[test]
    fn parameters_must_be_matrices() {
        let message = message(|| Muon::new([Tensor::zeros([3])], 0.1));
        assert!(message.contains("Muon: a parameter of shape [3] is no matrix\n  help: give the weights"), "{message}");
    }
}
