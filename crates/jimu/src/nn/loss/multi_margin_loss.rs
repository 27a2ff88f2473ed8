//! `MultiMarginLoss`.

use crate::nn::Module;
use crate::nn::field::Buffer;
use crate::nn::functional::{MultiMarginLossOptions, Reduction, multi_margin_loss};
use crate::tensor::Tensor;

/// Σ max(0, margin - x\[class\] + x\[i\])ᵖ / c over the classes i that are not the right one:
/// [`torch.nn.MultiMarginLoss`](https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html).
///
/// # Args
/// - [`weight`](Self::weight()): a factor for each class, by default none.
/// - [`p`](Self::p()): the power of each term, 1 or 2, by default 1.
/// - [`margin`](Self::margin()): how far the right class is to lead, by default 1.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input (n, c) or (c); target (n) or 0-d, in `i64`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::MultiMarginLoss};
/// let loss = MultiMarginLoss::new().forward(&Tensor::new([[0.1, 0.2, 0.4, 0.8]]), &Tensor::new([3]));
/// assert!((loss.item() - (0.3 + 0.4 + 0.6) / 4.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MultiMarginLoss {
    /// A factor for each class.
    pub weight: Option<Buffer>,
    p: u32,
    margin: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl MultiMarginLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { weight: None, p: 1, margin: 1.0, reduction: Reduction::Mean }
    }

    /// A factor for each class.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Buffer::new(weight));
        self
    }

    /// The power of each term, 1 or 2.
    pub fn p(mut self, p: u32) -> Self {
        self.p = p;
        self
    }

    /// How far the right class is to lead.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of the scores `x` against the classes `target`.
    ///
    /// # Panics
    /// If the shapes or types do not fit, a class is out of range, or p is neither 1 nor 2.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        let options = MultiMarginLossOptions {
            p: self.p,
            margin: self.margin,
            weight: self.weight.as_deref().cloned(),
            reduction: self.reduction,
        };
        multi_margin_loss(x, target, &options)
    }
}

impl Default for MultiMarginLoss {
    fn default() -> Self {
        Self::new()
    }
}
