//! `BCEWithLogitsLoss`.

use crate::nn::Module;
use crate::nn::field::Buffer;
use crate::nn::functional::{Reduction, binary_cross_entropy_with_logits};
use crate::tensor::Tensor;

/// The binary cross-entropy of sigmoid(x) and targets from 0 to 1:
/// [`torch.nn.BCEWithLogitsLoss`](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html).
/// The sigmoid is in here: give it the raw output of the last layer.
///
/// # Args
/// - [`weight`](Self::weight()): a factor for each element, which can be broadcast, by default none.
/// - [`pos_weight`](Self::pos_weight()): a factor for the part of the targets that are 1, which can be broadcast, by
///   default none.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape; the output is 0-d, or that shape with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::BCEWithLogitsLoss};
/// let loss = BCEWithLogitsLoss::new().forward(&Tensor::new([0.0]), &Tensor::new([1.0]));
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct BCEWithLogitsLoss {
    /// A factor for each element, which can be broadcast.
    pub weight: Option<Buffer>,
    /// A factor for the part of the targets that are 1, which can be broadcast.
    pub pos_weight: Option<Buffer>,
    #[module(skip)]
    reduction: Reduction,
}

impl BCEWithLogitsLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { weight: None, pos_weight: None, reduction: Reduction::Mean }
    }

    /// A factor for each element, which can be broadcast.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Buffer::new(weight));
        self
    }

    /// A factor for the part of the targets that are 1, which can be broadcast.
    pub fn pos_weight(mut self, pos_weight: Tensor) -> Self {
        self.pos_weight = Some(Buffer::new(pos_weight));
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
        let (weight, pos_weight) = (self.weight.as_deref(), self.pos_weight.as_deref());
        binary_cross_entropy_with_logits(x, target, weight, pos_weight, self.reduction)
    }
}

impl Default for BCEWithLogitsLoss {
    fn default() -> Self {
        Self::new()
    }
}
