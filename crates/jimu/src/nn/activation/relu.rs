//! `ReLU`.

use crate::nn::{Forward, Module, Role};
use crate::tensor::Tensor;

/// max(x, 0): [`torch.nn.ReLU`](https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
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

    fn role(&self) -> Role {
        Role::Relu
    }
}
