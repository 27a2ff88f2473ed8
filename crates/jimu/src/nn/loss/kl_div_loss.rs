//! `KLDivLoss`.

use crate::nn::Module;
use crate::nn::functional::{KLDivReduction, kl_div};
use crate::tensor::Tensor;

/// The terms of the Kullback-Leibler divergence, y (ln y - x), of log-probabilities x from probabilities y:
/// [`torch.nn.KLDivLoss`](https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html).
///
/// # Args
/// - [`reduction`](Self::reduction()): what becomes of the terms; the divergence itself is
///   [`KLDivReduction::BatchMean`], by default the mean over all elements.
/// - [`log_target`](Self::log_target()): whether the target, too, is logarithms, by default no.
///
/// # Shape
/// Input and target can be broadcast to one shape.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{KLDivLoss, functional::KLDivReduction}};
/// let (x, y) = (Tensor::new([[0.5, 0.5]]).log(), Tensor::new([[1.0, 0.0]]));
/// let loss = KLDivLoss::new().reduction(KLDivReduction::BatchMean).forward(&x, &y);
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct KLDivLoss {
    #[module(skip)]
    reduction: KLDivReduction,
    log_target: bool,
}

impl KLDivLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { reduction: KLDivReduction::default(), log_target: false }
    }

    /// What becomes of the terms; the divergence itself is [`KLDivReduction::BatchMean`].
    pub fn reduction(mut self, reduction: impl Into<KLDivReduction>) -> Self {
        self.reduction = reduction.into();
        self
    }

    /// Whether the target, too, is logarithms.
    pub fn log_target(mut self, log_target: bool) -> Self {
        self.log_target = log_target;
        self
    }

    /// The loss of `x` against `target`.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, target: &Tensor) -> Tensor {
        kl_div(x, target, self.reduction, self.log_target)
    }
}

impl Default for KLDivLoss {
    fn default() -> Self {
        Self::new()
    }
}
