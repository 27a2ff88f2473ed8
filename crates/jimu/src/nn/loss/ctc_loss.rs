//! `CTCLoss`.

use crate::nn::Module;
use crate::nn::functional::{CTCLossOptions, Reduction, ctc_loss};
use crate::tensor::Tensor;

/// Minus the logarithm of the probability that a long sequence spells a short one, whatever the alignment:
/// [`torch.nn.CTCLoss`](https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html) (Graves et al., *Connectionist
/// temporal classification*, 2006). See [`ctc_loss`].
///
/// # Args
/// - [`blank`](Self::blank()): the class that stands for nothing, by default 0.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean of the losses divided by
///   the lengths of their targets.
/// - [`zero_infinity`](Self::zero_infinity()): whether infinite losses are 0 and have no gradient, by default no.
///
/// # Shape
/// - Log-probabilities: (t, n, c), or (t, c) for one sequence; targets: (n, s), or one after the other; lengths: (n), or 0-d.
/// - Output: 0-d, or (n) with [`Reduction::None`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::CTCLoss};
/// let log_probs = Tensor::randn([50, 16, 20]).log_softmax(-1);
/// let targets = Tensor::randint(1, 20, [16, 30]);
/// let (inputs, lengths) = (Tensor::full([16], 50), Tensor::randint(10, 30, [16]));
/// assert!(CTCLoss::new().forward(&log_probs, &targets, &inputs, &lengths).item() > 0.0);
/// ```
#[derive(Clone, Debug, Default, Module)]
pub struct CTCLoss {
    #[module(skip)]
    options: CTCLossOptions,
}

impl CTCLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The class that stands for nothing.
    pub fn blank(mut self, blank: usize) -> Self {
        self.options.blank = blank;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.options.reduction = reduction;
        self
    }

    /// Whether infinite losses are 0 and have no gradient.
    pub fn zero_infinity(mut self, on: bool) -> Self {
        self.options.zero_infinity = on;
        self
    }

    /// The loss of the log-probabilities of sequences against the sequences `targets`.
    ///
    /// # Panics
    /// If the shapes, types, lengths or classes do not fit.
    #[track_caller]
    pub fn forward(
        &self,
        log_probs: &Tensor,
        targets: &Tensor,
        input_lengths: &Tensor,
        target_lengths: &Tensor,
    ) -> Tensor {
        ctc_loss(log_probs, targets, input_lengths, target_lengths, &self.options)
    }
}
