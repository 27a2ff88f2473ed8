//! `ReLU6`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// min(max(x, 0), 6): [`torch.nn.ReLU6`](https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html) (Howard et
/// al., *MobileNets*, 2017).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, ReLU6}};
/// assert_eq!(ReLU6.forward(&Tensor::new([-1.0, 2.0, 8.0])).to_vec::<f32>(), [0.0, 2.0, 6.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct ReLU6;

impl Forward for ReLU6 {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::relu6(x)
    }
}
