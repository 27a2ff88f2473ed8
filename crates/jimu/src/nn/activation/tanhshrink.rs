//! `Tanhshrink`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x - tanh(x): [`torch.nn.Tanhshrink`](https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Tanhshrink}};
/// assert_eq!(Tanhshrink.forward(&Tensor::new([0.0])).item(), 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Tanhshrink;

impl Forward for Tanhshrink {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::tanhshrink(x)
    }
}
