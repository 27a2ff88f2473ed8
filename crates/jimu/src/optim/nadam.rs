//! NAdam.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::{lerp, mean_square, penalized, split_weight_decay};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero, below_one};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// NAdam: [`Adam`](super::Adam) with Nesterov's momentum, which grows over the first steps:
/// [`torch.optim.NAdam`](https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html).
///
/// ```text
/// g = gradient + weight_decay·θ                (decoupled: θ = θ - lr·weight_decay·θ first, and g is the gradient)
/// μ_t = β1·(1 - 0.96^(t·momentum_decay) / 2)   M_t = μ_1·…·μ_t
/// m = β1·m + (1 - β1)·g
/// v = β2·v + (1 - β2)·g²                       v̂ = v / (1 - β2^t)
/// θ = θ - lr·(μ_(t+1)·m / (1 - M_(t+1)) + (1 - μ_t)·g / (1 - M_t)) / (√v̂ + eps)
/// ```
///
/// Dozat, [*Incorporating Nesterov momentum into Adam*](https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ), 2016.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{NAdam, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = NAdam::new([w.clone()], 0.1);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.05));
/// ```
pub struct NAdam {
    groups: Groups<NAdamOptions>,
}

impl NAdam {
    /// An optimiser of `params` with the learning rate `lr`; 0.002 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{NAdam, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = NAdam::new([w.clone()], 0.002);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!(w.item() < 0.998); // Nesterov's momentum goes beyond the first step of Adam
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, NAdamOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`NAdam`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{NAdam, NAdamOptions, Optimizer};
    /// let slower = |group: NAdamOptions| group.lr(1e-4);
    /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    NAdam, NAdamOptions {
        /// β1 and β2, the weights of the past in the running averages of
        /// the gradient and of its square: (0.9, 0.999) by default.
        ///
        /// # Panics
        /// If one is not in [0, 1).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::NAdam};
        /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).betas((0.9, 0.99));
        /// ```
        betas: (f64, f64) = (0.9, 0.999), below_one;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::NAdam};
        /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).eps(1e-6);
        /// ```
        eps: f64 = 1e-8, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::NAdam};
        /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// How fast the momentum approaches β1: 4e-3 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::NAdam};
        /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).momentum_decay(0.01);
        /// ```
        momentum_decay: f64 = 4e-3, at_least_zero;
        /// Whether the weight decay takes its share of the parameters themselves, as in [`AdamW`](crate::optim::AdamW), rather
        /// than to be part of the gradient.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::NAdam};
        /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).decoupled_weight_decay(true);
        /// ```
        decoupled_weight_decay: bool = false, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::NAdam};
        /// let opt = NAdam::new([Tensor::zeros([2])], 2e-3).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for NAdamOptions {
    const NAME: &'static str = "NAdam";
    const BUFFERS: &'static [&'static str] = &["exp_avg", "exp_avg_sq"];
    const SCALARS: &'static [&'static str] = &["step", "mu_product"];
    type Update = NAdamUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, false]
    }

    fn initial_scalars(&self) -> [f64; MAX_SCALARS] {
        [0.0, 1.0, 0.0]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> NAdamUpdate {
        let Self { lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, maximize } = *self;
        let [step, product, _] = scalars;
        let momentum = |step: f64| betas.0 * (1.0 - 0.5 * 0.96_f64.powf(step * momentum_decay));
        *step += 1.0;
        let (now, next) = (momentum(*step), momentum(*step + 1.0));
        *product *= now;
        let (shrink, weight_decay) = split_weight_decay(lr, weight_decay, decoupled_weight_decay);
        NAdamUpdate {
            gradient_size: lr * (1.0 - now) / (1.0 - *product),
            average_size: lr * next / (1.0 - *product * next),
            correction: 1.0 - betas.1.powf(*step),
            betas,
            eps,
            shrink,
            weight_decay,
            maximize,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct NAdamUpdate {
    gradient_size: f64,
    average_size: f64,
    /// 1 - β2^t.
    correction: f64,
    betas: (f64, f64),
    eps: f64,
    shrink: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Update for NAdamUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [gradient_size, average_size, correction] =
            [self.gradient_size, self.average_size, self.correction].map(T::of);
        let [eps, shrink] = [self.eps, self.shrink].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let (average, square) = (lerp(1.0 - self.betas.0), mean_square(self.betas.1));
        let Part { values, gradient: gradients, state: [Some(averages), Some(squares), _] } = part else {
            unreachable!("NAdam has two averages")
        };
        for (((value, &g), m), v) in values.iter_mut().zip(gradients).zip(averages).zip(squares) {
            let g = gradient(g, *value);
            (*m, *v) = (average(*m, g), square(*v, g));
            let denominator = (*v / correction).sqrt() + eps;
            *value = *value * shrink - gradient_size * g / denominator - average_size * *m / denominator;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| NAdam::new(w, 0.01), [0.4789569310499323, -1.2307445510845527, 1.982885896526939]);
        follows(
            |w| {
                let opt = NAdam::new(w, 0.05).betas((0.8, 0.9)).eps(1e-4).weight_decay(0.1);
                opt.momentum_decay(0.1).maximize(true)
            },
            [0.5744579382875556, -1.255260502634681, 2.0142448466700262],
        );
        follows(
            |w| NAdam::new(w, 0.05).weight_decay(0.1).decoupled_weight_decay(true),
            [0.3770384466623739, -1.1070164128032236, 1.8387565210485648],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| NAdam::new(w, 0.01), |w| NAdam::new(w, 1.0));
    }
}
