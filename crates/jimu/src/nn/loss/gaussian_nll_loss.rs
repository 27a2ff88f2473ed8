//! `GaussianNLLLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, gaussian_nll_loss};
use crate::tensor::Tensor;

/// The negative log-likelihood of targets y from normal distributions of means x and variances v, ½ (ln v + (x - y)²
/// / v): [`torch.nn.GaussianNLLLoss`](https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html).
///
/// # Args
/// - [`full`](Self::full()): whether the constant ½ ln 2π is added, by default no.
/// - [`eps`](Self::eps()): the least variance, by default 1e-6.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target have one shape; the variances have the same, or lack the last dimension, or have a 1 in one
/// place.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::GaussianNLLLoss};
/// let (mean, target, var) = (Tensor::new([1.0]), Tensor::new([3.0]), Tensor::new([1.0]));
/// assert_eq!(GaussianNLLLoss::new().forward(&mean, &target, &var).item(), 2.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct GaussianNLLLoss {
    full: bool,
    eps: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl GaussianNLLLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { full: false, eps: 1e-6, reduction: Reduction::Mean }
    }

    /// Whether the constant ½ ln 2π is added.
    pub fn full(mut self, full: bool) -> Self {
        self.full = full;
        self
    }

    /// The least variance.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of the means `x` with the variances `var` against `target`.
    ///
    /// # Panics
    /// If the shapes do not fit, or a variance is negative.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor, var: &Tensor) -> Tensor {
        gaussian_nll_loss(x, target, var, self.full, self.eps, self.reduction)
    }
}

impl Default for GaussianNLLLoss {
    fn default() -> Self {
        Self::new()
    }
}
