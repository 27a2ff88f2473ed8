//! `MultiLabelMarginLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, multilabel_margin_loss};
use crate::tensor::Tensor;

/// Σ max(0, 1 - (x\[j\] - x\[i\])) / c over the classes j that apply and the classes i that do not:
/// [`torch.nn.MultiLabelMarginLoss`](https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html).
///
/// # Args
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input (n, c) or (c); target the same, in `i64`: the classes that apply, filled up with -1.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::MultiLabelMarginLoss};
/// let (x, target) = (Tensor::new([[0.1, 0.2, 0.4, 0.8]]), Tensor::new([[3, 0, -1, 1]]));
/// let loss = MultiLabelMarginLoss::new().forward(&x, &target);
/// assert!((loss.item() - (0.4 + 0.6 + 1.1 + 1.3) / 4.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MultiLabelMarginLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl MultiLabelMarginLoss {
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
    /// If the shapes or types do not fit, or a class is out of range.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        multilabel_margin_loss(x, target, self.reduction)
    }
}

impl Default for MultiLabelMarginLoss {
    fn default() -> Self {
        Self::new()
    }
}
