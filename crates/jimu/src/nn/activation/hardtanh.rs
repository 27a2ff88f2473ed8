//! `Hardtanh`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x, but `min_val` below that and `max_val` above that:
/// [`torch.nn.Hardtanh`](https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html).
///
/// # Args
/// - [`min_val`](Self::min_val): the lower bound, by default -1.
/// - [`max_val`](Self::max_val): the upper bound, by default 1.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Hardtanh}};
/// let layer = Hardtanh::new().max_val(2.0);
/// assert_eq!(layer.forward(&Tensor::new([-3.0, 0.5, 7.0])).to_vec::<f32>(), [-1.0, 0.5, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Hardtanh {
    min_val: f64,
    max_val: f64,
}

impl Hardtanh {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { min_val: -1.0, max_val: 1.0 }
    }

    /// The lower bound.
    pub fn min_val(mut self, min_val: f64) -> Self {
        self.min_val = min_val;
        self
    }

    /// The upper bound.
    pub fn max_val(mut self, max_val: f64) -> Self {
        self.max_val = max_val;
        self
    }

    fn extra_repr(&self) -> String {
        format!("min_val={:?}, max_val={:?}", self.min_val, self.max_val)
    }
}

impl Default for Hardtanh {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for Hardtanh {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::hardtanh(x, self.min_val, self.max_val)
    }
}
