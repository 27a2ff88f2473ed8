//! `PReLU`.

use crate::error::OrRaise;
use crate::nn::field::{Label, Parameter};
use crate::nn::{Forward, Module};
use crate::ops::nn::prelu::try_prelu;
use crate::tensor::Tensor;

/// x where x > 0, a·x elsewhere, with a slope a that is learnt:
/// [`torch.nn.PReLU`](https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html) (He et al., *Delving deep into
/// rectifiers*, 2015).
///
/// # Args
/// - [`num_parameters`](Self::num_parameters): the number of slopes: 1, the default, or one for each channel.
/// - [`init`](Self::init): the slope to begin with, by default 0.25.
///
/// # Shape
/// Any; the output has the same. Dimension 1 is the channels'; an input without one has one channel.
///
/// # Attributes
/// - `weight`: the slopes, (num_parameters). It should have no weight decay.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, PReLU}};
/// assert_eq!(PReLU::new().forward(&Tensor::new([-1.0, 2.0])).to_vec::<f32>(), [-0.25, 2.0]);
/// let layer = PReLU::new().num_parameters(3).init(0.5);
/// assert_eq!(layer.forward(&-Tensor::ones([1, 3])).to_vec::<f32>(), [-0.5; 3]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct PReLU {
    /// The slopes, (num_parameters).
    pub weight: Parameter,
    label: Label,
    init: f64,
}

impl PReLU {
    /// One slope, 0.25.
    pub fn new() -> Self {
        Self { weight: Parameter::new(Tensor::full([1], 0.25)), label: Label::default(), init: 0.25 }
    }

    /// The number of slopes.
    pub fn num_parameters(mut self, num_parameters: usize) -> Self {
        self.weight = Parameter::new(Tensor::full([num_parameters], self.init));
        self
    }

    /// The slope to begin with.
    pub fn init(mut self, init: f64) -> Self {
        self.init = init;
        self.weight = Parameter::new(Tensor::full(self.weight.size(), init));
        self
    }

    fn extra_repr(&self) -> String {
        format!("num_parameters={}", self.weight.numel())
    }
}

impl Default for PReLU {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for PReLU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_prelu(x, &self.weight).map_err(|error| error.told_by(self.label.describe("PReLU"))).or_raise()
    }
}
