//! `BCELoss`.

use crate::nn::Module;
use crate::nn::field::Buffer;
use crate::nn::functional::{Reduction, binary_cross_entropy};
use crate::tensor::Tensor;

/// The binary cross-entropy, -(y ln x + (1 - y) ln(1 - x)), of probabilities x and targets y from 0 to 1:
/// [`torch.nn.BCELoss`](https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html).
/// Logarithms below -100 are taken as -100.
///
/// # Args
/// - [`weight`](Self::weight()): a factor for each element, which can be broadcast, by default none.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape; the output is 0-d, or that shape with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::BCELoss};
/// let loss = BCELoss::new().forward(&Tensor::new([0.5]), &Tensor::new([1.0]));
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct BCELoss {
    /// A factor for each element, which can be broadcast.
    pub weight: Option<Buffer>,
    #[module(skip)]
    reduction: Reduction,
}

impl BCELoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { weight: None, reduction: Reduction::Mean }
    }

    /// A factor for each element, which can be broadcast.
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
    /// If the shapes differ, or an input is not from 0 to 1.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        binary_cross_entropy(x, target, self.weight.as_deref(), self.reduction)
    }
}

impl Default for BCELoss {
    fn default() -> Self {
        Self::new()
    }
}
