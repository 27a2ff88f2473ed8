//! `ELU`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x where x > 0, α·(eˣ - 1) elsewhere: [`torch.nn.ELU`](https://pytorch.org/docs/stable/generated/torch.nn.ELU.html)
/// (Clevert et al., *Fast and accurate deep network learning by exponential linear units*, 2015).
///
/// # Args
/// - [`alpha`](Self::alpha): the scale of the part below 0, by default 1.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, ELU}};
/// assert_eq!(ELU::new().alpha(0.5).forward(&Tensor::new([-100.0, 2.0])).to_vec::<f32>(), [-0.5, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct ELU {
    alpha: f64,
}

impl ELU {
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

impl Default for ELU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for ELU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::elu(x, self.alpha)
    }
}
