//! `PoissonNLLLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, poisson_nll_loss};
use crate::tensor::Tensor;

/// The negative log-likelihood of counts y from Poisson distributions, eˣ - y x or x - y ln(x + ε):
/// [`torch.nn.PoissonNLLLoss`](https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html).
///
/// # Args
/// - [`log_input`](Self::log_input()): whether the input is the logarithm of the rate, by default yes.
/// - [`full`](Self::full()): whether ln y! is added, in Stirling's approximation, by default no.
/// - [`eps`](Self::eps()): what keeps the logarithm of a rate of 0 finite, by default 1e-8.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Input and target can be broadcast to one shape.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::PoissonNLLLoss};
/// assert_eq!(PoissonNLLLoss::new().forward(&Tensor::new([0.0]), &Tensor::new([3.0])).item(), 1.0);
/// ```
#[derive(Clone, Debug, Module)]
pub struct PoissonNLLLoss {
    log_input: bool,
    full: bool,
    eps: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl PoissonNLLLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { log_input: true, full: false, eps: 1e-8, reduction: Reduction::Mean }
    }

    /// Whether the input is the logarithm of the rate.
    pub fn log_input(mut self, log_input: bool) -> Self {
        self.log_input = log_input;
        self
    }

    /// Whether ln y! is added, in Stirling's approximation.
    pub fn full(mut self, full: bool) -> Self {
        self.full = full;
        self
    }

    /// What keeps the logarithm of a rate of 0 finite.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
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
    /// If the shapes cannot be broadcast.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        poisson_nll_loss(x, target, self.log_input, self.full, self.eps, self.reduction)
    }
}

impl Default for PoissonNLLLoss {
    fn default() -> Self {
        Self::new()
    }
}
