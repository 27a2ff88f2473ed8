//! `MultiLabelSoftMarginLoss`.

use crate::nn::Module;
use crate::nn::field::Buffer;
use crate::nn::functional::{Reduction, multilabel_soft_margin_loss};
use crate::tensor::Tensor;

/// The mean over the classes of the binary cross-entropies of their scores:
/// [`torch.nn.MultiLabelSoftMarginLoss`](https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html).
///
/// # Args
/// - [`weight`](Self::weight()): a factor for each class, by default none.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target (…, c), the target being 1 for each class that applies and 0 for the others.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::MultiLabelSoftMarginLoss};
/// let loss = MultiLabelSoftMarginLoss::new().forward(&Tensor::zeros([1, 3]), &Tensor::ones([1, 3]));
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MultiLabelSoftMarginLoss {
    /// A factor for each class.
    pub weight: Option<Buffer>,
    #[module(skip)]
    reduction: Reduction,
}

impl MultiLabelSoftMarginLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { weight: None, reduction: Reduction::Mean }
    }

    /// A factor for each class.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Buffer::new(weight));
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
    /// If the shapes differ.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        multilabel_soft_margin_loss(x, target, self.weight.as_deref(), self.reduction)
    }
}

impl Default for MultiLabelSoftMarginLoss {
    fn default() -> Self {
        Self::new()
    }
}
