//! `SiLU`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x · sigmoid(x), also known as swish:
/// [`torch.nn.SiLU`](https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html) (Elfwing et al., *Sigmoid-weighted
/// linear units*, 2017).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, SiLU}};
/// assert_eq!(SiLU.forward(&Tensor::new([0.0, 100.0])).to_vec::<f32>(), [0.0, 100.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct SiLU;

impl Forward for SiLU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::silu(x)
    }
}
