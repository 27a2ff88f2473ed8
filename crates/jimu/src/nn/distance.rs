//! `CosineSimilarity` and `PairwiseDistance`.

use super::Module;
use super::functional::{cosine_similarity, pairwise_distance};
use crate::tensor::Tensor;

/// The cosine of the angle between vectors, x₁·x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε)):
/// [`torch.nn.CosineSimilarity`](https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html).
///
/// # Args
/// - [`dim`](Self::dim()): the dimension of the vectors, by default 1.
/// - [`eps`](Self::eps()): the least norm that is divided by, by default 1e-8.
///
/// # Shape
/// Two that can be broadcast; the output has their shape without dimension `dim`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::CosineSimilarity};
/// let y = CosineSimilarity::new().forward(&Tensor::new([[1.0, 0.0]]), &Tensor::new([[2.0, 2.0]]));
/// assert!((y.item() - 0.5f64.sqrt()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Module)]
pub struct CosineSimilarity {
    dim: isize,
    eps: f64,
}

impl CosineSimilarity {
    /// Along dimension 1.
    pub fn new() -> Self {
        Self { dim: 1, eps: 1e-8 }
    }

    /// The dimension of the vectors.
    pub fn dim(mut self, dim: isize) -> Self {
        self.dim = dim;
        self
    }

    /// The least norm that is divided by.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// The cosine between `x1` and `x2`.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or there is no such dimension.
    #[track_caller]
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Tensor {
        cosine_similarity(x1, x2, self.dim, self.eps)
    }
}

impl Default for CosineSimilarity {
    fn default() -> Self {
        Self::new()
    }
}

/// The p-norm of x₁ - x₂ + ε over the last dimension:
/// [`torch.nn.PairwiseDistance`](https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html).
///
/// # Args
/// - [`p`](Self::p()): the degree of the norm, by default 2.
/// - [`eps`](Self::eps()): keeps the gradient finite where the inputs are equal, by default 1e-6.
/// - [`keepdim`](Self::keepdim()): whether the last dimension stays, with size 1, by default no.
///
/// # Shape
/// Two that can be broadcast, (*, d); the output is (*), or (*, 1).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::PairwiseDistance};
/// let y = PairwiseDistance::new().forward(&Tensor::new([[3.0, 0.0]]), &Tensor::new([[0.0, 4.0]]));
/// assert!((y.item() - 5.0).abs() < 1e-5);
/// ```
#[derive(Clone, Debug, Module)]
pub struct PairwiseDistance {
    p: f64,
    eps: f64,
    keepdim: bool,
}

impl PairwiseDistance {
    /// The Euclidean distance.
    pub fn new() -> Self {
        Self { p: 2.0, eps: 1e-6, keepdim: false }
    }

    /// The degree of the norm.
    pub fn p(mut self, p: f64) -> Self {
        self.p = p;
        self
    }

    /// What keeps the gradient finite where the inputs are equal.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Whether the last dimension stays, with size 1.
    pub fn keepdim(mut self, keepdim: bool) -> Self {
        self.keepdim = keepdim;
        self
    }

    /// The distance of `x1` from `x2`.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    #[track_caller]
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Tensor {
        pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)
    }
}

impl Default for PairwiseDistance {
    fn default() -> Self {
        Self::new()
    }
}
