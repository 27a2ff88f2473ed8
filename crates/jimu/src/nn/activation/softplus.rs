//! `Softplus`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// ln(1 + e^(β·x)) / β, a smooth max(x, 0):
/// [`torch.nn.Softplus`](https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html).
///
/// # Args
/// - [`beta`](Self::beta): how sharp the bend is, by default 1.
/// - [`threshold`](Self::threshold): where β·x is above it the output is x, by default 20.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Softplus}};
/// assert_eq!(Softplus::new().forward(&Tensor::new([0.0, 100.0])).to_vec::<f32>(), [2f32.ln(), 100.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Softplus {
    beta: f64,
    threshold: f64,
}

impl Softplus {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { beta: 1.0, threshold: 20.0 }
    }

    /// How sharp the bend is.
    pub fn beta(mut self, beta: f64) -> Self {
        self.beta = beta;
        self
    }

    /// Where β·x is above it the output is x.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    fn extra_repr(&self) -> String {
        format!("beta={:?}, threshold={:?}", self.beta, self.threshold)
    }
}

impl Default for Softplus {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for Softplus {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::softplus(x, self.beta, self.threshold)
    }
}
