//! `Hardsigmoid`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// A sigmoid of straight lines, min(max(x + 3, 0), 6) / 6:
/// [`torch.nn.Hardsigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Hardsigmoid}};
/// assert_eq!(Hardsigmoid.forward(&Tensor::new([-4.0, 0.0, 4.0])).to_vec::<f32>(), [0.0, 0.5, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Hardsigmoid;

impl Forward for Hardsigmoid {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::hardsigmoid(x)
    }
}
