//! `RReLU`.

use crate::nn::field::Mode;
use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// x where x > 0, a·x elsewhere; in training, a is drawn anew for each element, from U(lower, upper); in use, it is the
/// middle: [`torch.nn.RReLU`](https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html) (Xu et al., *Empirical
/// evaluation of rectified activations in convolutional network*, 2015).
///
/// # Args
/// - [`lower`](Self::lower): the least slope, by default 1/8.
/// - [`upper`](Self::upper): the greatest, by default 1/3.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module, RReLU}};
/// let layer = RReLU::new().lower(0.25).upper(0.75);
/// let y = layer.forward(&-Tensor::ones([100])).to_vec::<f32>();
/// assert!(y.iter().all(|y| (-0.75..=-0.25).contains(y)));
/// layer.eval();
/// assert_eq!(layer.forward(&Tensor::new([-1.0, 2.0])).to_vec::<f32>(), [-0.5, 2.0]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct RReLU {
    lower: f64,
    upper: f64,
    training: Mode,
}

impl RReLU {
    /// With slopes from 1/8 to 1/3.
    pub fn new() -> Self {
        Self { lower: 1.0 / 8.0, upper: 1.0 / 3.0, training: Mode::default() }
    }

    /// The least slope.
    pub fn lower(mut self, lower: f64) -> Self {
        self.lower = lower;
        self
    }

    /// The greatest slope.
    pub fn upper(mut self, upper: f64) -> Self {
        self.upper = upper;
        self
    }

    fn extra_repr(&self) -> String {
        format!("lower={:?}, upper={:?}", self.lower, self.upper)
    }
}

impl Default for RReLU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for RReLU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::rrelu(x, self.lower, self.upper, self.training.is_training())
    }
}
