//! `LayerNorm`.

use super::super::builders::{python, python_float};
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module};
use super::{numbers, shown_bias};
use crate::error::OrRaise;
use crate::ops::nn::layer_norm::try_layer_norm;
use crate::tensor::{Shape, Tensor};

/// Normalises each sample over its last dimensions, then scales and shifts each element:
/// [`torch.nn.LayerNorm`](https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html) (Ba, Kiros and Hinton, *Layer
/// Normalization*, 2016).
///
/// y = (x - mean) / √(variance + eps) · weight + bias, with the mean and the (biased) variance over the dimensions of
/// `normalized_shape`, in training as in use.
///
/// # Args
/// - `normalized_shape`: the sizes of the last dimensions, one or several.
/// - [`eps`](Self::eps): by default 1e-5.
/// - [`elementwise_affine`](Self::elementwise_affine): whether there are `weight` and `bias`, by default yes.
/// - [`bias`](Self::bias): whether, of the two, there is `bias`, by default yes.
///
/// # Shape
/// - Input: (*, normalized_shape); output: the same.
///
/// # Attributes
/// - `weight`: normalized_shape, ones; `bias`: normalized_shape, zeros.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LayerNorm}};
/// let y = LayerNorm::new(64).forward(&Tensor::randn([20, 5, 64]));
/// assert!(y.mean_dim(-1, false).abs().max().item() < 1e-5);
/// assert_eq!(LayerNorm::new([3, 8, 8]).forward(&Tensor::randn([20, 3, 8, 8])).size(), [20, 3, 8, 8]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct LayerNorm {
    /// The scale of each element.
    pub weight: Option<Parameter>,
    /// The shift of each element.
    pub bias: Option<Parameter>,
    normalized_shape: Shape,
    eps: f64,
    with_bias: bool,
    label: Label,
}

impl LayerNorm {
    /// Over the last dimensions, of these sizes.
    pub fn new(normalized_shape: impl Into<Shape>) -> Self {
        let normalized_shape = normalized_shape.into();
        let (weight, bias) = numbers(true, true, &normalized_shape);
        Self { weight, bias, normalized_shape, eps: 1e-5, with_bias: true, label: Label::default() }
    }

    /// What is added to the variance.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// With `weight` and `bias`, or without.
    pub fn elementwise_affine(mut self, on: bool) -> Self {
        (self.weight, self.bias) = numbers(on, self.with_bias, &self.normalized_shape);
        self
    }

    /// With `bias`, or, of `weight` and `bias`, with `weight` alone.
    pub fn bias(mut self, on: bool) -> Self {
        self.with_bias = on;
        let affine = self.weight.is_some();
        self.elementwise_affine(affine)
    }

    fn extra_repr(&self) -> String {
        let (eps, affine) = (python_float(self.eps), python(self.weight.is_some()));
        let bias = shown_bias(self.weight.as_ref(), self.bias.as_ref());
        format!("{}, eps={eps}, elementwise_affine={affine}{bias}", super::tuple(&self.normalized_shape))
    }
}

impl Forward for LayerNorm {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_layer_norm(x, &self.normalized_shape, self.weight.as_deref(), self.bias.as_deref(), self.eps)
            .map_err(|error| error.told_by(self.label.describe("LayerNorm")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        let layer = LayerNorm::new([2, 3]).bias(false);
        assert_eq!(layer.to_string(), "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True, bias=False)");
        assert_eq!(LayerNorm::new(3).to_string(), "LayerNorm((3,), eps=1e-05, elementwise_affine=True)");
        assert_eq!(layer.num_parameters(), 6);
        assert_eq!(layer.elementwise_affine(false).num_parameters(), 0);
    }

    #[test]
    #[should_panic(expected = "LayerNorm: the last dimensions of the input must be [8], but it has shape [8, 4]")]
    fn refusal() {
        LayerNorm::new(8).forward(&Tensor::zeros([8, 4]));
    }
}
