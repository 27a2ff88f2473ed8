//! `L1Loss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, l1_loss};
use crate::tensor::Tensor;

/// The magnitudes of the differences, |x - y|:
/// [`torch.nn.L1Loss`](https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html).
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
/// use jimu::{Tensor, nn::L1Loss};
/// assert_eq!(L1Loss::new().forward(&Tensor::new([1.0, 2.0]), &Tensor::new([1.0, 4.0])).item(), 1.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct L1Loss {
    #[module(skip)]
    reduction: Reduction,
}

impl L1Loss {
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
        l1_loss(x, target, None, self.reduction)
    }
}

impl Default for L1Loss {
    fn default() -> Self {
        Self::new()
    }
}
