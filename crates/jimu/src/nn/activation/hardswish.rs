//! `Hardswish`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x · min(max(x + 3, 0), 6) / 6, a [`SiLU`](crate::nn::SiLU) of straight lines:
/// [`torch.nn.Hardswish`](https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html) (Howard et al.,
/// *Searching for MobileNetV3*, 2019).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Hardswish}};
/// assert_eq!(Hardswish.forward(&Tensor::new([-4.0, 3.0, 4.0])).to_vec::<f32>(), [0.0, 3.0, 4.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Hardswish;

impl Forward for Hardswish {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::hardswish(x)
    }
}
