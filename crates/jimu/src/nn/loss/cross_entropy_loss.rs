//! `CrossEntropyLoss`.

use crate::nn::Module;
use crate::nn::field::Buffer;
use crate::nn::functional::{CrossEntropyOptions, Reduction, cross_entropy};
use crate::tensor::Tensor;

/// The cross-entropy between scores and classes:
/// [`torch.nn.CrossEntropyLoss`](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html). The softmax
/// is in here: give it the raw output of the last layer.
///
/// # Args
/// - [`weight`](Self::weight): a factor for each class.
/// - [`ignore_index`](Self::ignore_index): a class that counts for nothing, by default -100.
/// - [`reduction`](Self::reduction): by default the mean.
/// - [`label_smoothing`](Self::label_smoothing): by default 0.
///
/// # Shape
/// As [`functional::cross_entropy`](crate::nn::functional::cross_entropy).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::CrossEntropyLoss};
/// let loss = CrossEntropyLoss::new().forward(&Tensor::zeros([2, 10]), &Tensor::new([3, 7]));
/// assert!((loss.item() - 10f64.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Default, Module)]
pub struct CrossEntropyLoss {
    /// A factor for each class.
    pub weight: Option<Buffer>,
    #[module(skip)]
    options: CrossEntropyOptions,
}

impl CrossEntropyLoss {
    /// PyTorch's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// A factor for each class.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Buffer::new(weight));
        self
    }

    /// A class that counts for nothing.
    pub fn ignore_index(mut self, class: i64) -> Self {
        self.options.ignore_index = class;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.options.reduction = reduction;
        self
    }

    /// The part of each target that is spread evenly over all classes.
    pub fn label_smoothing(mut self, part: f64) -> Self {
        self.options.label_smoothing = part;
        self
    }

    /// The loss of the scores `x` against the classes, or probabilities, `target`.
    ///
    /// # Panics
    /// If the shapes or types do not fit, or a class is out of range.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        let weight = self.weight.as_deref().cloned();
        cross_entropy(x, target, &CrossEntropyOptions { weight, ..self.options.clone() })
    }
}
