//! `Flatten`.

use super::{Forward, Module};
use crate::tensor::Tensor;

/// Makes the dimensions from `start_dim` to `end_dim` one:
/// [`torch.nn.Flatten`](https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html). A view: nothing is copied.
///
/// # Args
/// - [`start_dim`](Self::start_dim): the first, by default 1, so that the batch stays.
/// - [`end_dim`](Self::end_dim): the last, by default -1.
///
/// # Shape
/// - Input: (*, S₁, …, Sₙ, *); output: (*, S₁·…·Sₙ, *).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Flatten, Forward}};
/// assert_eq!(Flatten::new().forward(&Tensor::zeros([32, 16, 5, 5])).size(), [32, 400]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Flatten {
    start_dim: isize,
    end_dim: isize,
}

impl Flatten {
    /// From dimension 1 to the last.
    pub fn new() -> Self {
        Self { start_dim: 1, end_dim: -1 }
    }

    /// The first dimension.
    pub fn start_dim(mut self, dim: isize) -> Self {
        self.start_dim = dim;
        self
    }

    /// The last dimension.
    pub fn end_dim(mut self, dim: isize) -> Self {
        self.end_dim = dim;
        self
    }

    fn extra_repr(&self) -> String {
        format!("start_dim={}, end_dim={}", self.start_dim, self.end_dim)
    }
}

impl Default for Flatten {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for Flatten {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.flatten(self.start_dim..=self.end_dim)
    }
}
