//! Adagrad.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::penalized;
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// Adagrad: each element's step is divided by the root of the sum of all its squared gradients so far:
/// [`torch.optim.Adagrad`](https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// s = s + g²                                   (s begins with initial_accumulator_value)
/// θ = θ - lr / (1 + (t - 1)·lr_decay) · g / (√s + eps)
/// ```
///
/// Duchi, Hazan and Singer, [*Adaptive subgradient methods for online learning and stochastic
/// optimization*](https://jmlr.org/papers/v12/duchi11a.html), 2011.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Adagrad, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = Adagrad::new([w.clone()], 0.5);
/// for _ in 0..300 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.01));
/// ```
pub struct Adagrad {
    groups: Groups<AdagradOptions>,
}

impl Adagrad {
    /// An optimiser of `params` with the learning rate `lr`; 0.01 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adagrad, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Adagrad::new([w.clone()], 0.01);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.99).abs() < 1e-6); // the first step is lr, whatever the gradient's size
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, AdagradOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Adagrad`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adagrad, AdagradOptions, Optimizer};
    /// let slower = |group: AdagradOptions| group.lr(1e-4);
    /// let opt = Adagrad::new([Tensor::zeros([2])], 0.01).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Adagrad, AdagradOptions {
        /// How fast the learning rate falls with the number of steps: 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adagrad};
        /// let opt = Adagrad::new([Tensor::zeros([2])], 0.01).lr_decay(0.01);
        /// ```
        lr_decay: f64 = 0.0, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adagrad};
        /// let opt = Adagrad::new([Tensor::zeros([2])], 0.01).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// What the sum of squares begins with: 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adagrad};
        /// let opt = Adagrad::new([Tensor::zeros([2])], 0.01).initial_accumulator_value(0.1);
        /// ```
        initial_accumulator_value: f64 = 0.0, at_least_zero;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-10 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adagrad};
        /// let opt = Adagrad::new([Tensor::zeros([2])], 0.01).eps(1e-8);
        /// ```
        eps: f64 = 1e-10, at_least_zero;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adagrad};
        /// let opt = Adagrad::new([Tensor::zeros([2])], 0.01).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for AdagradOptions {
    const NAME: &'static str = "Adagrad";
    const BUFFERS: &'static [&'static str] = &["sum"];
    const SCALARS: &'static [&'static str] = &["step"];
    type Update = AdagradUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, false, false]
    }

    fn initial(&self, _: usize) -> f64 {
        self.initial_accumulator_value
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> AdagradUpdate {
        let Self { lr, lr_decay, weight_decay, eps, maximize, .. } = *self;
        let step_size = lr / (1.0 + scalars[0] * lr_decay);
        scalars[0] += 1.0;
        AdagradUpdate { step_size, weight_decay, eps, maximize }
    }
}

#[derive(Clone, Copy)]
pub(super) struct AdagradUpdate {
    step_size: f64,
    weight_decay: f64,
    eps: f64,
    maximize: bool,
}

impl Update for AdagradUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [step_size, eps] = [self.step_size, self.eps].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let Part { values, gradient: gradients, state: [Some(sums), ..] } = part else {
            unreachable!("Adagrad has a sum")
        };
        for ((value, &g), sum) in values.iter_mut().zip(gradients).zip(sums) {
            let g = gradient(g, *value);
            *sum = *sum + g * g;
            *value = *value - step_size * g / (sum.sqrt() + eps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| Adagrad::new(w, 0.1), [0.3568348934255183, -1.1150665954441379, 1.87138214541044]);
        follows(
            |w| {
                let opt = Adagrad::new(w, 0.2).lr_decay(0.1).weight_decay(0.1).eps(1e-6);
                opt.initial_accumulator_value(0.5).maximize(true)
            },
            [0.5484402509808352, -1.2494425125859574, 2.070086629713916],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Adagrad::new(w, 0.1).lr_decay(0.1).initial_accumulator_value(0.5), |w| Adagrad::new(w, 1.0));
    }
}
