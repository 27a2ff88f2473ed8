//! AdamW.

use super::Groups;
use super::adam::adam;
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

adam! {
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
        /// How fast the parameters decay: each step takes `lr·weight_decay` of them. 0.01 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).weight_decay(0.1);
        /// ```
        weight_decay: 0.01;
        /// That the weight decay is decoupled, which is all that AdamW is: it cannot be switched off.
        ///
        /// # Panics
        /// If it is `false`.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::AdamW};
        /// let opt = AdamW::new([Tensor::zeros([2])], 1e-3).decoupled_weight_decay(true);
        /// ```
        decoupled_weight_decay: true, always;
    }
}

fn always(on: bool) -> Result<(), &'static str> {
    if on { Ok(()) } else { Err("use Adam for a weight decay that is part of the gradient") }
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
