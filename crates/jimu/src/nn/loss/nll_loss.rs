//! `NLLLoss`.

use crate::nn::Module;
use crate::nn::field::Buffer;
use crate::nn::functional::{NLLLossOptions, Reduction, nll_loss};
use crate::tensor::Tensor;

/// The negative log-likelihood, -x\[class\], of log-probabilities x:
/// [`torch.nn.NLLLoss`](https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html).
///
/// # Args
/// - [`weight`](Self::weight()): a factor for each class, by default none.
/// - [`ignore_index`](Self::ignore_index()): a class that counts for nothing, by default -100.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// - Input: (c), (n, c) or (n, c, d₁, …), the output of a [`LogSoftmax`](crate::nn::LogSoftmax); target: the same
///   without c, in `i64`.
/// - Output: 0-d, or the shape of the target with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::NLLLoss};
/// let (x, classes) = (Tensor::new([[-1.0, -2.0], [-3.0, -4.0]]), Tensor::new([0, 1]));
/// assert_eq!(NLLLoss::new().forward(&x, &classes).item(), 2.5);
/// ```
#[derive(Clone, Debug, Module)]
pub struct NLLLoss {
    /// A factor for each class.
    pub weight: Option<Buffer>,
    ignore_index: i64,
    #[module(skip)]
    reduction: Reduction,
}

impl NLLLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { weight: None, ignore_index: -100, reduction: Reduction::Mean }
    }

    /// A factor for each class.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Buffer::new(weight));
        self
    }

    /// A class that counts for nothing.
    pub fn ignore_index(mut self, ignore_index: i64) -> Self {
        self.ignore_index = ignore_index;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of the log-probabilities `x` against the classes `target`.
    ///
    /// # Panics
    /// If the shapes or types do not fit, or a class is out of range.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        let options = NLLLossOptions {
            weight: self.weight.as_deref().cloned(),
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        };
        nll_loss(x, target, &options)
    }
}

impl Default for NLLLoss {
    fn default() -> Self {
        Self::new()
    }
}
