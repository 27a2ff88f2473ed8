//! `LogSigmoid`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// The logarithm of the sigmoid, -ln(1 + e⁻ˣ), accurate also far below 0:
/// [`torch.nn.LogSigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LogSigmoid}};
/// assert_eq!(LogSigmoid.forward(&Tensor::new([-1000.0])).item(), -1000.0);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct LogSigmoid;

impl Forward for LogSigmoid {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::logsigmoid(x)
    }
}
