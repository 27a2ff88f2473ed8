//! `HuberLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, huber_loss};
use crate::tensor::Tensor;

/// d² / 2 where the distance d = |x - y| is at most δ, δ (d - δ/2) elsewhere:
/// [`torch.nn.HuberLoss`](https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html).
///
/// # Args
/// - [`delta`](Self::delta()): where the parabola ends, δ, by default 1.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape, or can be broadcast, with a warning; the output is 0-d, or that shape with
/// [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::HuberLoss};
/// let loss = HuberLoss::new().delta(2.0);
/// assert_eq!(loss.forward(&Tensor::new([3.0]), &Tensor::new([0.0])).item(), 4.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct HuberLoss {
    delta: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl HuberLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { delta: 1.0, reduction: Reduction::Mean }
    }

    /// Where the parabola ends, δ.
    pub fn delta(mut self, delta: f64) -> Self {
        self.delta = delta;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of `x` against `target`.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        huber_loss(x, target, self.delta, None, self.reduction)
    }
}

impl Default for HuberLoss {
    fn default() -> Self {
        Self::new()
    }
}
