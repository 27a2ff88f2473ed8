//! `Mish`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x · tanh(softplus(x)): [`torch.nn.Mish`](https://pytorch.org/docs/stable/generated/torch.nn.Mish.html) (Misra,
/// *Mish: a self regularized non-monotonic activation function*, 2019).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Mish}};
/// assert_eq!(Mish.forward(&Tensor::new([0.0, 100.0])).to_vec::<f32>(), [0.0, 100.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Mish;

impl Forward for Mish {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::mish(x)
    }
}
