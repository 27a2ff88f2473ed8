//! `Softmin`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// The [`Softmax`](crate::nn::Softmax) of -x: larger where x is smaller:
/// [`torch.nn.Softmin`](https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html).
///
/// # Args
/// - `dim`: the dimension along which the function runs; it may count from the end.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Softmin}};
/// assert_eq!(Softmin::new(0).forward(&Tensor::new([1000.0, 0.0])).to_vec::<f32>(), [0.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Softmin {
    dim: isize,
}

impl Softmin {
    /// Along dimension `dim`.
    pub fn new(dim: isize) -> Self {
        Self { dim }
    }

    fn extra_repr(&self) -> String {
        format!("dim={}", self.dim)
    }
}

impl Forward for Softmin {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::softmin(x, self.dim)
    }
}
