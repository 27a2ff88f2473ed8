//! `HingeEmbeddingLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, hinge_embedding_loss};
use crate::tensor::Tensor;

/// x where the target is 1, max(0, margin - x) where it is -1: for distances x of pairs that are alike or not:
/// [`torch.nn.HingeEmbeddingLoss`](https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html).
///
/// # Args
/// - [`margin`](Self::margin()): the distance beyond which unlike pairs cost nothing, by default 1.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape; the output is 0-d, or that shape with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::HingeEmbeddingLoss};
/// let loss = HingeEmbeddingLoss::new().forward(&Tensor::new([0.25]), &Tensor::new([-1.0]));
/// assert_eq!(loss.item(), 0.75);
/// ```
#[derive(Clone, Debug, Module)]
pub struct HingeEmbeddingLoss {
    margin: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl HingeEmbeddingLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { margin: 1.0, reduction: Reduction::Mean }
    }

    /// The distance beyond which unlike pairs cost nothing.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
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
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        hinge_embedding_loss(x, target, self.margin, self.reduction)
    }
}

impl Default for HingeEmbeddingLoss {
    fn default() -> Self {
        Self::new()
    }
}
