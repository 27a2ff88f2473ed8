//! `MarginRankingLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, margin_ranking_loss};
use crate::tensor::Tensor;

/// max(0, -y (x₁ - x₂) + margin): x₁ is to rank above x₂ where y is 1, below where it is -1:
/// [`torch.nn.MarginRankingLoss`](https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html).
///
/// # Args
/// - [`margin`](Self::margin()): how far apart the two are to be, by default 0.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Three of one shape; the output is 0-d, or that shape with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::MarginRankingLoss};
/// let loss = MarginRankingLoss::new();
/// assert_eq!(loss.forward(&Tensor::new([1.0]), &Tensor::new([3.0]), &Tensor::new([1.0])).item(), 2.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MarginRankingLoss {
    margin: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl MarginRankingLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { margin: 0.0, reduction: Reduction::Mean }
    }

    /// How far apart the two are to be.
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
        margin_ranking_loss(x1, x2, target, self.margin, self.reduction)
    }
}

impl Default for MarginRankingLoss {
    fn default() -> Self {
        Self::new()
    }
}
