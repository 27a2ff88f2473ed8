//! `Hardshrink`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x where |x| > λ, 0 elsewhere:
/// [`torch.nn.Hardshrink`](https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html).
///
/// # Args
/// - [`lambda`](Self::lambda): the bound λ, which PyTorch spells `lambd`, by default 0.5.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Hardshrink}};
/// assert_eq!(Hardshrink::new().forward(&Tensor::new([-1.0, 0.4])).to_vec::<f32>(), [-1.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Hardshrink {
    lambda: f64,
}

impl Hardshrink {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { lambda: 0.5 }
    }

    /// The bound λ, which PyTorch spells `lambd`.
    pub fn lambda(mut self, lambda: f64) -> Self {
        self.lambda = lambda;
        self
    }

    fn extra_repr(&self) -> String {
        format!("{}", self.lambda)
    }
}

impl Default for Hardshrink {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for Hardshrink {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::hardshrink(x, self.lambda)
    }
}
