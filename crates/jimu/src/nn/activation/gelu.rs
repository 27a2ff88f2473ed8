//! `GELU`.

use crate::nn::functional::Approximate;
use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x · Φ(x), where Φ is the distribution function of the normal distribution:
/// [`torch.nn.GELU`](https://pytorch.org/docs/stable/generated/torch.nn.GELU.html) (Hendrycks and Gimpel, *Gaussian
/// error linear units*, 2016).
///
/// # Args
/// - [`approximate`](Self::approximate): whether Φ is approximated by a hyperbolic tangent, `'tanh'`, by default not.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, GELU}};
/// use jimu::nn::functional::Approximate;
/// assert_eq!(GELU::new().forward(&Tensor::new([0.0, 100.0])).to_vec::<f32>(), [0.0, 100.0]);
/// assert_eq!(GELU::new().approximate(Approximate::Tanh).to_string(), "GELU(approximate='tanh')");
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct GELU {
    #[module(skip)]
    approximate: Approximate,
}

impl GELU {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { approximate: Approximate::None }
    }

    /// Whether Φ is approximated by a hyperbolic tangent, `'tanh'`.
    pub fn approximate(mut self, approximate: Approximate) -> Self {
        self.approximate = approximate;
        self
    }

    fn extra_repr(&self) -> String {
        let approximate = match self.approximate {
            Approximate::None => "none",
            Approximate::Tanh => "tanh",
        };
        format!("approximate='{approximate}'")
    }
}

impl Default for GELU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for GELU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::gelu(x, self.approximate)
    }
}
