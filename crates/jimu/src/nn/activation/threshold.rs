//! `Threshold`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x where x > `threshold`, `value` elsewhere:
/// [`torch.nn.Threshold`](https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html).
///
/// # Args
/// - `threshold`: the bound.
/// - `value`: what takes the place of x at and below it.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Threshold}};
/// assert_eq!(Threshold::new(1.0, -5.0).forward(&Tensor::new([0.0, 2.0])).to_vec::<f32>(), [-5.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Threshold {
    threshold: f64,
    value: f64,
}

impl Threshold {
    /// `value` where the input is not above `threshold`.
    pub fn new(threshold: f64, value: f64) -> Self {
        Self { threshold, value }
    }

    fn extra_repr(&self) -> String {
        format!("threshold={:?}, value={:?}", self.threshold, self.value)
    }
}

impl Forward for Threshold {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::threshold(x, self.threshold, self.value)
    }
}
