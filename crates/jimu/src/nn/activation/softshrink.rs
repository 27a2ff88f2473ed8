//! `Softshrink`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x drawn towards 0 by λ: x - λ above λ, x + λ below -λ, 0 between:
/// [`torch.nn.Softshrink`](https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html).
///
/// # Args
/// - [`lambda`](Self::lambda): the distance λ, not negative, which PyTorch spells `lambd`, by default 0.5.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Softshrink}};
/// assert_eq!(Softshrink::new().forward(&Tensor::new([-1.0, 0.4, 2.0])).to_vec::<f32>(), [-0.5, 0.0, 1.5]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Softshrink {
    lambda: f64,
}

impl Softshrink {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { lambda: 0.5 }
    }

    /// The distance λ, not negative, which PyTorch spells `lambd`.
    pub fn lambda(mut self, lambda: f64) -> Self {
        self.lambda = lambda;
        self
    }

    fn extra_repr(&self) -> String {
        format!("{}", self.lambda)
    }
}

impl Default for Softshrink {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for Softshrink {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::softshrink(x, self.lambda)
    }
}
