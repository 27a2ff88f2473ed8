//! Adamax.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::{lerp, penalized};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero, below_one};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// Adamax: [`Adam`](super::Adam) with a running maximum of the gradient's magnitude in place of the mean of squares:
/// [`torch.optim.Adamax`](https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// m = β1·m + (1 - β1)·g
/// u = max(β2·u, |g| + eps)
/// θ = θ - lr / (1 - β1^t) · m / u
/// ```
///
/// Kingma and Ba, [*Adam: a method for stochastic optimization*](https://arxiv.org/abs/1412.6980), 2014, section 7.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Adamax, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = Adamax::new([w.clone()], 0.1);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.02));
/// ```
pub struct Adamax {
    groups: Groups<AdamaxOptions>,
}

impl Adamax {
    /// An optimiser of `params` with the learning rate `lr`; 0.002 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adamax, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Adamax::new([w.clone()], 0.002);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.998).abs() < 1e-6); // the first step is lr, whatever the gradient's size
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, AdamaxOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Adamax`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adamax, AdamaxOptions, Optimizer};
    /// let slower = |group: AdamaxOptions| group.lr(1e-4);
    /// let opt = Adamax::new([Tensor::zeros([2])], 2e-3).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Adamax, AdamaxOptions {
        /// β1 and β2, the weights of the past in the running averages of
        /// the gradient and in the running maximum of its magnitude: (0.9, 0.999) by default.
        ///
        /// # Panics
        /// If one is not in [0, 1).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adamax};
        /// let opt = Adamax::new([Tensor::zeros([2])], 2e-3).betas((0.9, 0.99));
        /// ```
        betas: (f64, f64) = (0.9, 0.999), below_one;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adamax};
        /// let opt = Adamax::new([Tensor::zeros([2])], 2e-3).eps(1e-6);
        /// ```
        eps: f64 = 1e-8, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adamax};
        /// let opt = Adamax::new([Tensor::zeros([2])], 2e-3).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adamax};
        /// let opt = Adamax::new([Tensor::zeros([2])], 2e-3).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for AdamaxOptions {
    const NAME: &'static str = "Adamax";
    const BUFFERS: &'static [&'static str] = &["exp_avg", "exp_inf"];
    const SCALARS: &'static [&'static str] = &["step"];
    type Update = AdamaxUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, false]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> AdamaxUpdate {
        let Self { lr, betas, eps, weight_decay, maximize } = *self;
        scalars[0] += 1.0;
        let step_size = lr / (1.0 - betas.0.powf(scalars[0]));
        AdamaxUpdate { step_size, betas, eps, weight_decay, maximize }
    }
}

#[derive(Clone, Copy)]
pub(super) struct AdamaxUpdate {
    step_size: f64,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Update for AdamaxUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [step_size, beta2, eps] = [self.step_size, self.betas.1, self.eps].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let average = lerp(1.0 - self.betas.0);
        let Part { values, gradient: gradients, state: [Some(averages), Some(largest), _] } = part else {
            unreachable!("Adamax has an average and a maximum")
        };
        for (((value, &g), m), u) in values.iter_mut().zip(gradients).zip(averages).zip(largest) {
            let g = gradient(g, *value);
            *m = average(*m, g);
            let (old, new) = (*u * beta2, g.abs() + eps);
            // What is not a number must stay visible.
            *u = if new > old || new.is_nan() { new } else { old };
            *value = *value - step_size * *m / *u;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| Adamax::new(w, 0.01), [0.4823783943848398, -1.2217907605937361, 1.964884852324875]);
        follows(
            |w| Adamax::new(w, 0.05).betas((0.8, 0.9)).eps(1e-4).weight_decay(0.1).maximize(true),
            [0.5637072067170349, -1.2907633327277812, 2.1040548708199385],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Adamax::new(w, 0.01), |w| Adamax::new(w, 1.0));
    }
}
