//! `MSELoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, mse_loss};
use crate::tensor::Tensor;

/// The squared differences, (x - y)²:
/// [`torch.nn.MSELoss`](https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html).
///
/// # Args
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape, or can be broadcast, with a warning; the output is 0-d, or that shape with
/// [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::MSELoss};
/// assert_eq!(MSELoss::new().forward(&Tensor::new([1.0, 2.0]), &Tensor::new([1.0, 4.0])).item(), 2.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MSELoss {
    #[module(skip)]
    reduction: Reduction,
}

impl MSELoss {
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
    /// If the shapes cannot be broadcast.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        mse_loss(x, target, None, self.reduction)
    }
}

impl Default for MSELoss {
    fn default() -> Self {
        Self::new()
    }
}
