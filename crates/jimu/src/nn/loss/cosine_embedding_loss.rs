//! `CosineEmbeddingLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, cosine_embedding_loss};
use crate::tensor::Tensor;

/// 1 - cos(x₁, x₂) where the target is 1, max(0, cos(x₁, x₂) - margin) where it is -1:
/// [`torch.nn.CosineEmbeddingLoss`](https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html).
///
/// # Args
/// - [`margin`](Self::margin()): the cosine below which unlike pairs cost nothing, by default 0.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Inputs (n, d) with a target (n), or (d) with a 0-d target.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::CosineEmbeddingLoss};
/// let (a, b) = (Tensor::new([[1.0, 0.0]]), Tensor::new([[0.0, 1.0]]));
/// assert_eq!(CosineEmbeddingLoss::new().forward(&a, &b, &Tensor::new([1.0])).item(), 1.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct CosineEmbeddingLoss {
    margin: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl CosineEmbeddingLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { margin: 0.0, reduction: Reduction::Mean }
    }

    /// The cosine below which unlike pairs cost nothing.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of the pairs `x1`, `x2` against `target`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x1: &Tensor, x2: &Tensor, target: &Tensor) -> Tensor {
        cosine_embedding_loss(x1, x2, target, self.margin, self.reduction)
    }
}

impl Default for CosineEmbeddingLoss {
    fn default() -> Self {
        Self::new()
    }
}
