//! RAdam.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::{lerp, mean_square, penalized, split_weight_decay};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero, below_one};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// RAdam: [`Adam`](super::Adam) that waits with the division until the mean of squares is worth it, which spares the
/// warm-up: [`torch.optim.RAdam`](https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html).
///
/// ```text
/// g = gradient + weight_decay·θ                (decoupled: θ = θ - lr·weight_decay·θ first, and g is the gradient)
/// m = β1·m + (1 - β1)·g                        m̂ = m / (1 - β1^t)
/// v = β2·v + (1 - β2)·g²
/// ρ = ρ∞ - 2·t·β2^t / (1 - β2^t)               ρ∞ = 2 / (1 - β2) - 1
/// r = √((ρ - 4)·(ρ - 2)·ρ∞ / ((ρ∞ - 4)·(ρ∞ - 2)·ρ))
/// θ = θ - lr·m̂·r·√(1 - β2^t) / (√v + eps)      (if ρ > 5; else θ - lr·m̂)
/// ```
///
/// Liu et al., [*On the variance of the adaptive learning rate and beyond*](https://arxiv.org/abs/1908.03265), 2019.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Optimizer, RAdam};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = RAdam::new([w.clone()], 0.1);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.05));
/// ```
pub struct RAdam {
    groups: Groups<RAdamOptions>,
}

impl RAdam {
    /// An optimiser of `params` with the learning rate `lr`; 0.001 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, RAdam};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = RAdam::new([w.clone()], 0.01);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.98).abs() < 1e-6); // the first steps are those of momentum alone
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, RAdamOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`RAdam`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, RAdam, RAdamOptions};
    /// let slower = |group: RAdamOptions| group.lr(1e-4);
    /// let opt = RAdam::new([Tensor::zeros([2])], 1e-3).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    RAdam, RAdamOptions {
        /// β1 and β2, the weights of the past in the running averages of
        /// the gradient and of its square: (0.9, 0.999) by default.
        ///
        /// # Panics
        /// If one is not in [0, 1).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RAdam};
        /// let opt = RAdam::new([Tensor::zeros([2])], 1e-3).betas((0.9, 0.99));
        /// ```
        betas: (f64, f64) = (0.9, 0.999), below_one;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RAdam};
        /// let opt = RAdam::new([Tensor::zeros([2])], 1e-3).eps(1e-6);
        /// ```
        eps: f64 = 1e-8, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RAdam};
        /// let opt = RAdam::new([Tensor::zeros([2])], 1e-3).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// Whether the weight decay takes its share of the parameters themselves, as in [`AdamW`](crate::optim::AdamW), rather
        /// than to be part of the gradient.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RAdam};
        /// let opt = RAdam::new([Tensor::zeros([2])], 1e-3).decoupled_weight_decay(true);
        /// ```
        decoupled_weight_decay: bool = false, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RAdam};
        /// let opt = RAdam::new([Tensor::zeros([2])], 1e-3).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for RAdamOptions {
    const NAME: &'static str = "RAdam";
    const BUFFERS: &'static [&'static str] = &["exp_avg", "exp_avg_sq"];
    const SCALARS: &'static [&'static str] = &["step"];
    type Update = RAdamUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, false]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> RAdamUpdate {
        let Self { lr, betas, eps, weight_decay, decoupled_weight_decay, maximize } = *self;
        scalars[0] += 1.0;
        let (shrink, weight_decay) = split_weight_decay(lr, weight_decay, decoupled_weight_decay);
        let (average_size, adaptive) = (lr / (1.0 - betas.0.powf(scalars[0])), rectification(betas.1, scalars[0]));
        let step_size = average_size * adaptive.unwrap_or(1.0);
        RAdamUpdate { step_size, adaptive: adaptive.is_some(), betas, eps, shrink, weight_decay, maximize }
    }
}

/// r·√(1 - β2^t), if the mean of squares has seen enough by step `t`.
fn rectification(beta2: f64, t: f64) -> Option<f64> {
    let correction = 1.0 - beta2.powf(t);
    let limit = 2.0 / (1.0 - beta2) - 1.0;
    let rho = limit - 2.0 * t * beta2.powf(t) / correction;
    let ratio = (rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho);
    (rho > 5.0).then(|| (ratio * correction).sqrt())
}

#[derive(Clone, Copy)]
pub(super) struct RAdamUpdate {
    step_size: f64,
    adaptive: bool,
    betas: (f64, f64),
    eps: f64,
    shrink: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Update for RAdamUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [step_size, eps, shrink] = [self.step_size, self.eps, self.shrink].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let (average, square) = (lerp(1.0 - self.betas.0), mean_square(self.betas.1));
        let Part { values, gradient: gradients, state: [Some(averages), Some(squares), _] } = part else {
            unreachable!("RAdam has two averages")
        };
        for (((value, &g), m), v) in values.iter_mut().zip(gradients).zip(averages).zip(squares) {
            let g = gradient(g, *value);
            (*m, *v) = (average(*m, g), square(*v, g));
            let direction = if self.adaptive { *m / (v.sqrt() + eps) } else { *m };
            *value = *value * shrink - step_size * direction;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| RAdam::new(w, 0.01), [0.49591421688521375, -1.240089382365737, 1.9750490317789282]);
        follows(
            |w| RAdam::new(w, 0.05).betas((0.8, 0.9)).eps(1e-4).weight_decay(0.1).maximize(true),
            [0.515725925135869, -1.2614260873582595, 2.062436335503181],
        );
        follows(
            |w| RAdam::new(w, 0.05).weight_decay(0.1).decoupled_weight_decay(true),
            [0.46032650446184553, -1.1526276489099263, 1.8001728240559243],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| RAdam::new(w, 0.01), |w| RAdam::new(w, 1.0));
    }
}
