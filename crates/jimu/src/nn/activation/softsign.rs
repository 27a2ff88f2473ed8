//! `Softsign`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x / (1 + |x|): [`torch.nn.Softsign`](https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Softsign}};
/// assert_eq!(Softsign.forward(&Tensor::new([-1.0, 3.0])).to_vec::<f32>(), [-0.5, 0.75]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Softsign;

impl Forward for Softsign {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::softsign(x)
    }
}
