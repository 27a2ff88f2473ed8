//! `LeakyReLU`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x where x > 0, `negative_slope`·x elsewhere:
/// [`torch.nn.LeakyReLU`](https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html) (Maas et al., *Rectifier
/// nonlinearities improve neural network acoustic models*, 2013).
///
/// # Args
/// - [`negative_slope`](Self::negative_slope): the slope below 0, by default 0.01.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LeakyReLU}};
/// let layer = LeakyReLU::new().negative_slope(0.5);
/// assert_eq!(layer.forward(&Tensor::new([-1.0, 2.0])).to_vec::<f32>(), [-0.5, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct LeakyReLU {
    negative_slope: f64,
}

impl LeakyReLU {
    /// With PyTorch's defaults.
    pub fn new() -> Self {
        Self { negative_slope: 0.01 }
    }

    /// The slope below 0.
    pub fn negative_slope(mut self, negative_slope: f64) -> Self {
        self.negative_slope = negative_slope;
        self
    }

    fn extra_repr(&self) -> String {
        format!("negative_slope={:?}", self.negative_slope)
    }
}

impl Default for LeakyReLU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for LeakyReLU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::leaky_relu(x, self.negative_slope)
    }
}
