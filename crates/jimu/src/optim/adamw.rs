//! AdamW.

use jimu_kernels::optimizer::MAX_STATE;

use super::adam::{AdamUpdate, BUFFERS, SCALARS};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero, below_one};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// [`Adam`](super::Adam) with decoupled weight decay:
/// [`torch.optim.AdamW`](https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
///
/// ```text
/// θ = θ - lr·weight_decay·θ
/// θ = θ - lr·m̂ / (√v̂ + eps)      (m̂ and v̂ as in Adam, of the gradient alone)
/// ```
///
/// Adam with an L2 penalty divides the penalty's gradient by √v̂ too, so that weights with large gradients hardly decay;
/// here all decay alike. Loshchilov and Hutter, [*Decoupled weight decay
/// regularization*](https://arxiv.org/abs/1711.05101), 2017.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{AdamW, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = AdamW::new([w.clone()], 0.1).weight_decay(0.05);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.01));
/// ```
pub struct AdamW {
    groups: Groups<AdamWOptions>,
}

impl AdamW {
    /// An optimiser of `params` with the learning rate `lr`; 0.001 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{AdamW, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = AdamW::new([w.clone()], 0.1).weight_decay(0.5);
    /// (&w * 0.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.95).abs() < 1e-6); // decayed by lr·weight_decay, with no gradient at all
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, AdamWOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`AdamW`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{AdamW, AdamWOptions, HyperParameter, Optimizer};
    /// let undecayed = |group: AdamWOptions| group.weight_decay(0.0);
    /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).add_param_group([Tensor::zeros([3])], undecayed);
    /// assert_eq!(opt.param_groups()[1].hyper_parameter("weight_decay"), Some(HyperParameter::Number(0.0)));
    /// ```
    AdamW, AdamWOptions {
        /// β1 and β2, the weights of the past in the running averages of the gradient and of its square: (0.9, 0.999)
        /// by default.
        ///
        /// # Panics
        /// If one is not in [0, 1).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).betas((0.9, 0.95));
        /// ```
        betas: (f64, f64) = (0.9, 0.999), below_one;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).eps(1e-6);
        /// ```
        eps: f64 = 1e-8, at_least_zero;
        /// How fast the parameters decay: each step takes `lr·weight_decay` of them. 0.01 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).weight_decay(0.1);
        /// ```
        weight_decay: f64 = 0.01, at_least_zero;
        /// Whether to divide by the largest average of squares so far (AMSGrad).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).amsgrad(true);
        /// ```
        amsgrad: bool = false, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for AdamWOptions {
    const NAME: &'static str = "AdamW";
    const BUFFERS: &'static [&'static str] = BUFFERS;
    const SCALARS: &'static [(&'static str, f64)] = SCALARS;
    type Update = AdamUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, self.amsgrad]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> AdamUpdate {
        let Self { lr, betas, eps, weight_decay, maximize, .. } = *self;
        scalars[0] += 1.0;
        let shrink = 1.0 - lr * weight_decay;
        AdamUpdate::new(lr, betas, eps, maximize, scalars[0]).shrink(shrink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| AdamW::new(w, 0.01), [0.47501026564486487, -1.214868386533569, 1.9578464898621695]);
        follows(
            |w| AdamW::new(w, 0.05).betas((0.5, 0.6)).weight_decay(0.2).amsgrad(true),
            [0.3518762262105064, -1.0259605868596415, 1.7218551979926842],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| AdamW::new(w, 0.01).weight_decay(0.3), |w| AdamW::new(w, 1.0));
    }
}
