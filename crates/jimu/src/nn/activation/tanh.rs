//! `Tanh`.

use crate::nn::{Forward, Module};
use crate::tensor::Tensor;

/// The hyperbolic tangent: [`torch.nn.Tanh`](https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
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
