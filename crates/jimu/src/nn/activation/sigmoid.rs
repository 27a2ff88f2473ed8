//! `Sigmoid`.

use crate::nn::{Forward, Module};
use crate::tensor::Tensor;

/// 1 / (1 + e⁻ˣ): [`torch.nn.Sigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
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
