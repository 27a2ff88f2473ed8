//! `SmoothL1Loss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, smooth_l1_loss};
use crate::tensor::Tensor;

/// d² / 2β where the distance d = |x - y| is less than β, d - β/2 elsewhere:
/// [`torch.nn.SmoothL1Loss`](https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html).
///
/// # Args
/// - [`beta`](Self::beta()): where the parabola ends; 0 makes it an [`L1Loss`](crate::nn::L1Loss), by default 1.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape, or can be broadcast, with a warning; the output is 0-d, or that shape with
/// [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::SmoothL1Loss};
/// assert_eq!(SmoothL1Loss::new().forward(&Tensor::new([0.5]), &Tensor::new([0.0])).item(), 0.125);
/// ```
#[derive(Clone, Debug, Module)]
pub struct SmoothL1Loss {
    beta: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl SmoothL1Loss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { beta: 1.0, reduction: Reduction::Mean }
    }

    /// Where the parabola ends; 0 makes it an [`L1Loss`](crate::nn::L1Loss).
    pub fn beta(mut self, beta: f64) -> Self {
        self.beta = beta;
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
        smooth_l1_loss(x, target, self.beta, self.reduction)
    }
}

impl Default for SmoothL1Loss {
    fn default() -> Self {
        Self::new()
    }
}
