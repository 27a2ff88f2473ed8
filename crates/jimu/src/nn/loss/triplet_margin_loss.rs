//! `TripletMarginLoss`.

use crate::nn::Module;
use crate::nn::functional::{Reduction, TripletMarginLossOptions, triplet_margin_loss};
use crate::tensor::Tensor;

/// max(0, d(anchor, positive) - d(anchor, negative) + margin):
/// [`torch.nn.TripletMarginLoss`](https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html).
///
/// # Args
/// - [`margin`](Self::margin()): how much nearer the like is to be than the unlike, by default 1.
/// - [`p`](Self::p()): the degree of the norm that measures distance, by default 2.
/// - [`eps`](Self::eps()): what keeps the gradient finite where two are equal, by default 1e-6.
/// - [`swap`](Self::swap()): whether the distance of the unlike is taken from the anchor or the like, whichever is
///   nearer, by default no.
/// - [`reduction`](Self::reduction()): what becomes of the losses of the samples, by default the mean.
///
/// # Shape
/// Three of shape (n, d) or (d).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::TripletMarginLoss};
/// let (anchor, like, unlike) = (Tensor::new([[0.0]]), Tensor::new([[1.0]]), Tensor::new([[1.5]]));
/// assert!((TripletMarginLoss::new().forward(&anchor, &like, &unlike).item() - 0.5).abs() < 1e-5);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TripletMarginLoss {
    margin: f64,
    p: f64,
    eps: f64,
    swap: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl TripletMarginLoss {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction: Reduction::Mean }
    }

    /// How much nearer the like is to be than the unlike.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// The degree of the norm that measures distance.
    pub fn p(mut self, p: f64) -> Self {
        self.p = p;
        self
    }

    /// What keeps the gradient finite where two are equal.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Whether the distance of the unlike is taken from the anchor or the like, whichever is nearer.
    pub fn swap(mut self, swap: bool) -> Self {
        self.swap = swap;
        self
    }

    /// What becomes of the losses of the samples.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of the `anchor`s, what is like them and what is not.
    ///
    /// # Panics
    /// If the shapes do not fit, or the margin is not positive.
    #[track_caller]
    pub fn forward(&self, anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Tensor {
        let Self { margin, p, eps, swap, reduction } = *self;
        let options = TripletMarginLossOptions { margin, p, eps, swap, reduction };
        triplet_margin_loss(anchor, positive, negative, &options)
    }
}

impl Default for TripletMarginLoss {
    fn default() -> Self {
        Self::new()
    }
}
