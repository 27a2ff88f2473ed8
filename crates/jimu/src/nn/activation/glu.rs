//! `GLU`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// The gated linear unit: one half of the input times the sigmoid of the other, a · sigmoid(b):
/// [`torch.nn.GLU`](https://pytorch.org/docs/stable/generated/torch.nn.GLU.html) (Dauphin et al., *Language modeling
/// with gated convolutional networks*, 2016).
///
/// # Args
/// - [`dim`](Self::dim): the dimension that is cut in halves, by default the last.
///
/// # Shape
/// Any with an even size in dimension `dim`, which the output has half of.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, GLU}};
/// assert_eq!(GLU::new().forward(&Tensor::zeros([5, 6])).size(), [5, 3]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct GLU {
    dim: isize,
}

impl GLU {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { dim: -1 }
    }

    /// The dimension that is cut in halves.
    pub fn dim(mut self, dim: isize) -> Self {
        self.dim = dim;
        self
    }

    fn extra_repr(&self) -> String {
        format!("dim={:?}", self.dim)
    }
}

impl Default for GLU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for GLU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::glu(x, self.dim)
    }
}
