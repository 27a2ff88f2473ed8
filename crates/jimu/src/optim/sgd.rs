//! Stochastic gradient descent.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::{penalized, settled};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{a_number, anything, at_least_zero};
use super::{Groups, Rule, optimizer};
use crate::Tensor;
use crate::error::ShapeError;

/// Stochastic gradient descent, with momentum if asked for:
/// [`torch.optim.SGD`](https://pytorch.org/docs/stable/generated/torch.optim.SGD.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// b = momentum·b + (1 - dampening)·g      (the first time b = g)
/// θ = θ - lr·b                            (nesterov: θ - lr·(g + momentum·b); no momentum: θ - lr·g)
/// ```
///
/// Momentum is due to Polyak (*Some methods of speeding up the convergence of iteration methods*, 1964); the formula is
/// that of Sutskever et al. (*On the importance of initialization and momentum in deep learning*, 2013), with the
/// learning rate outside the velocity.
///
/// Full-batch gradient descent is this optimiser with the whole training set as one batch: the gradient is then that of
/// the mean loss over all samples, and nothing is stochastic. Smaller batches make each step cheaper and noisier.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Optimizer, Sgd};
///
/// // Full-batch gradient descent: a line through all four points.
/// let x = Tensor::new([0.0, 1.0, 2.0, 3.0]);
/// let y = Tensor::new([1.0, 3.0, 5.0, 7.0]);
/// let (w, b) = (Tensor::new([0.0]).requires_grad_(), Tensor::new([0.0]).requires_grad_());
/// let mut opt = Sgd::new([w.clone(), b.clone()], 0.05).momentum(0.9);
/// for _ in 0..300 {
///     opt.zero_grad();
///     let error = &w * &x + &b - &y;
///     ((&error * &error).sum() / 4.0).backward();
///     opt.step();
/// }
/// assert!((w.item() - 2.0).abs() < 1e-3 && (b.item() - 1.0).abs() < 1e-3);
/// ```
pub struct Sgd {
    groups: Groups<SgdOptions>,
}

impl Sgd {
    /// An optimiser of `params` with the learning rate `lr`, without momentum or weight decay.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Sgd::new([w.clone()], 0.25);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert_eq!(w.item(), 0.5);
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, SgdOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Sgd`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd, SgdOptions};
    /// let slower = |group: SgdOptions| group.lr(0.01).momentum(0.5);
    /// let opt = Sgd::new([Tensor::zeros([2])], 0.1).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 0.01);
    /// ```
    Sgd, SgdOptions {
        /// The share of the last update that goes into the next: 0 (the default) for none, usually 0.9.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Sgd};
        /// let opt = Sgd::new([Tensor::zeros([2])], 0.1).momentum(0.9);
        /// ```
        momentum: f64 = 0.0, at_least_zero;
        /// How much of the gradient is kept out of the momentum; 0 by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Sgd};
        /// let opt = Sgd::new([Tensor::zeros([2])], 0.1).momentum(0.9).dampening(0.1);
        /// ```
        dampening: f64 = 0.0, a_number;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Sgd};
        /// let opt = Sgd::new([Tensor::zeros([2])], 0.1).weight_decay(5e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// Nesterov's momentum, which looks one step ahead; needs a momentum and no dampening, or
        /// [`step`](crate::optim::Optimizer::step) panics.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Sgd};
        /// let opt = Sgd::new([Tensor::zeros([2])], 0.1).momentum(0.9).nesterov(true);
        /// ```
        nesterov: bool = false, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Sgd};
        /// let opt = Sgd::new([Tensor::zeros([2])], 0.1).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for SgdOptions {
    const NAME: &'static str = "Sgd";
    const BUFFERS: &'static [&'static str] = &["momentum_buffer"];
    type Update = SgdUpdate;

    fn check(&self) -> Result<(), ShapeError> {
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            let (momentum, dampening) = (self.momentum, self.dampening);
            let problem = format!("nesterov with a momentum of {momentum} and a dampening of {dampening}");
            return Err(ShapeError::new(Self::NAME, problem)
                .help("Nesterov's momentum needs a momentum, as in .momentum(0.9), and a dampening of 0"));
        }
        Ok(())
    }

    fn uses(&self) -> [bool; MAX_STATE] {
        [self.momentum != 0.0, false, false]
    }

    fn update(&self, _: &mut [f64; MAX_SCALARS], fresh: bool) -> SgdUpdate {
        let Self { lr, momentum, dampening, weight_decay, nesterov, maximize } = *self;
        // The first momentum is the gradient itself, undampened.
        let gain = if fresh { 1.0 } else { 1.0 - dampening };
        SgdUpdate { lr, momentum, gain, weight_decay, nesterov, maximize }
    }
}

#[derive(Clone, Copy)]
pub(super) struct SgdUpdate {
    lr: f64,
    momentum: f64,
    gain: f64,
    weight_decay: f64,
    nesterov: bool,
    maximize: bool,
}

impl Update for SgdUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [lr, momentum, gain] = [self.lr, self.momentum, self.gain].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let Part { values, gradient: gradients, state: [buffer, ..] } = part;
        let elements = values.iter_mut().zip(gradients);
        match buffer {
            None => elements.for_each(|(value, &g)| *value = *value - lr * gradient(g, *value)),
            Some(buffer) => elements.zip(buffer).for_each(|((value, &g), velocity)| {
                let g = gradient(g, *value);
                *velocity = settled(*velocity * momentum + gain * g);
                let direction = if self.nesterov { g + momentum * *velocity } else { *velocity };
                *value = *value - lr * direction;
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, message, resumes, start, steps};
    use crate::optim::{Optimizer, OptimizerStateError};

    #[test]
    fn follows_pytorch() {
        follows(|w| Sgd::new(w, 0.1), [0.41000000000000003, -1.17, 1.88]);
        follows(|w| Sgd::new(w, 0.1).momentum(0.9), [0.22585675099999988, -0.8667410039999999, 1.1623381189999997]);
        follows(
            |w| Sgd::new(w, 0.1).momentum(0.8).dampening(0.3).weight_decay(0.01),
            [0.31793007033695786, -0.9694077272061365, 1.4161332904014892],
        );
        follows(
            |w| Sgd::new(w, 0.05).momentum(0.9).nesterov(true).weight_decay(0.1).maximize(true),
            [0.5819132535801582, -1.247926503455016, 2.081538556041275],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Sgd::new(w, 0.1).momentum(0.9), |w| Sgd::new(w, 1.0));
    }

    #[test]
    fn parameters_without_a_gradient_are_left_alone() {
        let (a, b) = (start(crate::DType::F32), start(crate::DType::F32));
        let mut opt = Sgd::new([a.clone(), b.clone()], 0.1).momentum(0.9).weight_decay(0.1);
        steps(&a, &mut opt, 2);
        assert_eq!(b.to_vec::<f32>(), start(crate::DType::F32).to_vec::<f32>());
        assert!(opt.state_dict().tensors.keys().eq(["state.0.momentum_buffer"]));
    }

    #[test]
    fn groups_have_rates_of_their_own() {
        let (a, b) = (Tensor::ones([2]).requires_grad_(), Tensor::ones_of([2], crate::DType::F64).requires_grad_());
        let mut opt = Sgd::new([a.clone()], 0.5).add_param_group([b.clone()], |group| group.lr(0.25));
        a.set_grad(Some(a.detach().ones_like()));
        b.set_grad(Some(b.detach().ones_like()));
        opt.step();
        assert_eq!((a.to_vec::<f32>(), b.to_vec::<f64>()), (vec![0.5; 2], vec![0.75; 2]));
        opt.zero_grad();
        assert!(a.grad().is_none() && b.grad().is_none());
    }

    #[test]
    fn memory_order_of_parameter_and_gradient_do_not_matter() {
        let gradient = Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let across = Tensor::new([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]).t();
        for (w, gradient) in [
            (gradient.zeros_like(), across.clone()),
            (across.zeros_like(), gradient.clone()),
            (Tensor::zeros([2, 3]), Tensor::new([[1.0], [2.0]]).expand([2, 3])),
        ] {
            let w = w.requires_grad_();
            let mut opt = Sgd::new([w.clone()], 1.0).momentum(0.5);
            w.set_grad(Some(gradient.clone()));
            opt.step();
            assert_eq!(w.to_vec::<f32>(), (-&gradient).to_vec::<f32>());
            let buffer = &opt.state_dict().tensors["state.0.momentum_buffer"];
            assert_eq!(buffer.to_vec::<f32>(), gradient.to_vec::<f32>());
        }
    }

    #[test]
    fn a_copy_of_the_elements_does_not_change() {
        let w = start(crate::DType::F32);
        let before = w.detach();
        steps(&w, &mut Sgd::new([w.clone()], 0.1), 1);
        assert_eq!(before.to_vec::<f32>(), [0.5, -1.25, 2.0]);
        assert_ne!(w.to_vec::<f32>(), before.to_vec::<f32>());
    }

    #[test]
    fn a_tensor_listed_twice_is_trained_once() {
        let w = Tensor::ones([1]).requires_grad_();
        w.set_grad(Some(Tensor::ones([1])));
        Sgd::new([w.clone(), w.clone()], 0.25).step();
        assert_eq!(w.item(), 0.75);
    }

    #[test]
    fn refusals_name_the_value_and_the_fix() {
        let w = || [start(crate::DType::F32)];
        let cases: [(String, &str); 8] = [
            (message(|| Sgd::new(w(), -0.1)), "Sgd: invalid lr: -0.1\n  help: give a number that is 0 or more"),
            (message(|| Sgd::new(w(), f64::NAN)), "invalid lr: NaN"),
            (message(|| Sgd::new(w(), 0.1).momentum(-1.0)), "invalid momentum: -1.0"),
            (message(|| Sgd::new(w(), 0.1).nesterov(true).step()), "momentum of 0 and a dampening of 0"),
            (message(|| Sgd::new([], 0.1)), "the list of parameters is empty"),
            (message(|| Sgd::new([Tensor::new([1])], 0.1)), "is int64"),
            (message(|| Sgd::new([&w()[0] * 2.0], 0.1)), "the result of a tracked operation"),
            (message(|| Sgd::new([Tensor::zeros([1]).expand([3])], 0.1)), "gaps or repeated elements"),
        ];
        for (message, expected) in cases {
            assert!(message.contains(expected), "{message}");
        }
        let [shared] = w();
        let twice = message(|| Sgd::new([shared.clone()], 0.1).add_param_group([shared.clone()], |group| group));
        assert!(twice.contains("in two parameter groups"), "{twice}");
        shared.set_grad(Some(Tensor::zeros([2])));
        let shape = message(|| Sgd::new([shared.clone()], 0.1).step());
        assert!(shape.contains("float32 [2], but the parameter is float32 [3]"), "{shape}");
    }

    #[test]
    fn a_foreign_state_is_refused_and_changes_nothing() {
        let w = start(crate::DType::F32);
        let mut opt = Sgd::new([w.clone()], 0.1).momentum(0.9);
        steps(&w, &mut opt, 1);
        let good = opt.state_dict();
        let break_it = |damage: &dyn Fn(&mut crate::optim::OptimizerState)| {
            let mut state = good.clone();
            state.groups[0].hyper_parameters.insert("lr".into(), 7.0.into());
            damage(&mut state);
            state
        };
        let key = "state.0.momentum_buffer";
        type Expected = fn(&OptimizerStateError) -> bool;
        let cases: [(_, Expected); 6] = [
            (break_it(&|state| state.groups.clear()), |e| matches!(e, OptimizerStateError::Groups { found: 0, .. })),
            (break_it(&|state| state.groups[0].params.push(1)), |e| {
                matches!(e, OptimizerStateError::Params { found: 2, expected: 1, .. })
            }),
            (
                break_it(&|state| {
                    state.groups[0].hyper_parameters.insert("betas".into(), (0.9, 0.9).into());
                }),
                |e| e.to_string().contains("no hyper-parameter `betas`"),
            ),
            (
                break_it(&|state| {
                    state.tensors.insert("state.0.exp_avg".into(), Tensor::zeros([3]));
                }),
                |e| e.to_string().contains("`state.0.exp_avg`"),
            ),
            (
                break_it(&|state| {
                    state.tensors.insert(key.into(), Tensor::zeros([2]));
                }),
                |e| e.to_string().contains("has shape [2], but its parameter has shape [3]"),
            ),
            (
                break_it(&|state| {
                    state.tensors.insert(key.into(), Tensor::new([1, 2, 3]));
                }),
                |e| matches!(e, OptimizerStateError::Elements { .. }),
            ),
        ];
        for (state, expected) in cases {
            let error = opt.load_state_dict(&state).unwrap_err();
            assert!(expected(&error), "{error}");
            assert_eq!(opt.lr(), 0.1);
        }
    }
}
