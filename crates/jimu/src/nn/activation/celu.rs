//! `CELU`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// max(x, 0) + min(α·(e^(x/α) - 1), 0), an [`ELU`](crate::nn::ELU) with a continuous derivative for every α:
/// [`torch.nn.CELU`](https://pytorch.org/docs/stable/generated/torch.nn.CELU.html) (Barron, *Continuously
/// differentiable exponential linear units*, 2017).
///
/// # Args
/// - [`alpha`](Self::alpha): the scale of the part below 0, by default 1.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, CELU}};
/// assert_eq!(CELU::new().alpha(2.0).forward(&Tensor::new([0.0, 2.0])).to_vec::<f32>(), [0.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct CELU {
    alpha: f64,
}

impl CELU {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { alpha: 1.0 }
    }

    /// The scale of the part below 0.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    fn extra_repr(&self) -> String {
        format!("alpha={:?}", self.alpha)
    }
}

impl Default for CELU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for CELU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::celu(x, self.alpha)
    }
}
