//! `SoftMarginLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, soft_margin_loss};
use crate::tensor::Tensor;

/// ln(1 + e^(-y x)) of scores x and targets y, 1 or -1:
/// [`torch.nn.SoftMarginLoss`](https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html).
///
/// # Args
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape; the output is 0-d, or that shape with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::SoftMarginLoss};
/// let loss = SoftMarginLoss::new().forward(&Tensor::new([0.0]), &Tensor::new([-1.0]));
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct SoftMarginLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl SoftMarginLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { reduction: Reduction::Mean }
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of `x` against `target`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        soft_margin_loss(x, target, self.reduction)
    }
}

impl Default for SoftMarginLoss {
    fn default() -> Self {
        Self::new()
    }
}
