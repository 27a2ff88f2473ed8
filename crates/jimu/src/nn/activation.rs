//! The activations that have no parameters.

use super::{Forward, Module};
use crate::tensor::Tensor;

/// max(x, 0): [`torch.nn.ReLU`](https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html).
///
/// # Shape
/// Any; the output has the same.
///
/// ```
/// use jimu::{Tensor, nn::{Forward, ReLU}};
/// assert_eq!(ReLU.forward(&Tensor::new([-1.0, 2.0])).to_vec::<f32>(), [0.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct ReLU;

impl Forward for ReLU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.relu()
    }
}

/// 1 / (1 + e⁻ˣ): [`torch.nn.Sigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html).
///
/// # Shape
/// Any; the output has the same.
///
/// ```
/// use jimu::{Tensor, nn::{Forward, Sigmoid}};
/// assert_eq!(Sigmoid.forward(&Tensor::new([0.0])).item(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Sigmoid;

impl Forward for Sigmoid {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.sigmoid()
    }
}

/// The hyperbolic tangent: [`torch.nn.Tanh`](https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html).
///
/// # Shape
/// Any; the output has the same.
///
/// ```
/// use jimu::{Tensor, nn::{Forward, Tanh}};
/// assert_eq!(Tanh.forward(&Tensor::new([0.0])).item(), 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Tanh;

impl Forward for Tanh {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.tanh()
    }
}

/// eˣ / Σ eˣ along a dimension: [`torch.nn.Softmax`](https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html).
/// Not before [`CrossEntropyLoss`](super::CrossEntropyLoss), which has it within.
///
/// # Args
/// - `dim`: the dimension whose elements add up to 1.
///
/// # Shape
/// Any; the output has the same.
///
/// ```
/// use jimu::{Tensor, nn::{Forward, Softmax}};
/// assert_eq!(Softmax::new(-1).forward(&Tensor::zeros([2, 4])).to_vec::<f32>(), [0.25; 8]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Softmax {
    dim: isize,
}

impl Softmax {
    /// Along dimension `dim`, which may count from the end.
    pub fn new(dim: isize) -> Self {
        Self { dim }
    }

    fn extra_repr(&self) -> String {
        format!("dim={}", self.dim)
    }
}

impl Forward for Softmax {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.softmax(self.dim)
    }
}
