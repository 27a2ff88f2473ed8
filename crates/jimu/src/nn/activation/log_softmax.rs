//! `LogSoftmax`.

use crate::nn::{Forward, Module};
use crate::tensor::Tensor;

/// x - ln Σ eˣ along a dimension, the logarithm of the [`Softmax`](crate::nn::Softmax):
/// [`torch.nn.LogSoftmax`](https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html).
///
/// # Args
/// - `dim`: the dimension along which the function runs; it may count from the end.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LogSoftmax}};
/// let y = LogSoftmax::new(-1).forward(&Tensor::new([1000.0, 0.0]));
/// assert_eq!(y.to_vec::<f32>(), [0.0, -1000.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct LogSoftmax {
    dim: isize,
}

impl LogSoftmax {
    /// Along dimension `dim`.
    pub fn new(dim: isize) -> Self {
        Self { dim }
    }

    fn extra_repr(&self) -> String {
        format!("dim={}", self.dim)
    }
}

impl Forward for LogSoftmax {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.log_softmax(self.dim)
    }
}
