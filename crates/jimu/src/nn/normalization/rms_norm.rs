//! `RMSNorm`.

use super::super::builders::{python, python_float};
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module};
use super::numbers;
use crate::error::OrRaise;
use crate::ops::nn::rms_norm::try_rms_norm;
use crate::tensor::{Shape, Tensor};

/// Divides each sample by the root of its mean square over the last dimensions, then scales each element:
/// [`torch.nn.RMSNorm`](https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html) (Zhang and Sennrich, *Root Mean
/// Square Layer Normalization*, 2019).
///
/// y = x / √(mean(x²) + eps) · weight, in training as in use.
///
/// # Args
/// - `normalized_shape`: the sizes of the last dimensions, one or several.
/// - [`eps`](Self::eps): by default `None`, the type's smallest step above 1.
/// - [`elementwise_affine`](Self::elementwise_affine): whether there is a `weight`, by default yes.
///
/// # Shape
/// - Input: (*, normalized_shape); output: the same.
///
/// # Attributes
/// - `weight`: normalized_shape, ones.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, RMSNorm}};
/// let y = RMSNorm::new(2).eps(0.0).forward(&Tensor::new([[7.0, -1.0]])); // the mean square is 25
/// assert_eq!(y.to_vec::<f32>(), [1.4, -0.2]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct RMSNorm {
    /// The scale of each element.
    pub weight: Option<Parameter>,
    normalized_shape: Shape,
    #[module(skip)]
    eps: Option<f64>,
    label: Label,
}

impl RMSNorm {
    /// Over the last dimensions, of these sizes.
    pub fn new(normalized_shape: impl Into<Shape>) -> Self {
        let normalized_shape = normalized_shape.into();
        let (weight, _) = numbers(true, false, &normalized_shape);
        Self { weight, normalized_shape, eps: None, label: Label::default() }
    }

    /// What is added to the mean square.
    pub fn eps(mut self, eps: impl Into<Option<f64>>) -> Self {
        self.eps = eps.into();
        self
    }

    /// With a `weight`, or without.
    pub fn elementwise_affine(mut self, on: bool) -> Self {
        (self.weight, _) = numbers(on, false, &self.normalized_shape);
        self
    }

    fn extra_repr(&self) -> String {
        let (eps, affine) = (self.eps.map_or("None".to_owned(), python_float), python(self.weight.is_some()));
        format!("{}, eps={eps}, elementwise_affine={affine}", super::tuple(&self.normalized_shape))
    }
}

impl Forward for RMSNorm {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_rms_norm(x, &self.normalized_shape, self.weight.as_deref(), self.eps)
            .map_err(|error| error.told_by(self.label.describe("RMSNorm")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        assert_eq!(RMSNorm::new(3).to_string(), "RMSNorm((3,), eps=None, elementwise_affine=True)");
    }

    #[test]
    #[should_panic(expected = "RMSNorm: the last dimensions of the input must be [2, 4], but it has shape [8, 4]")]
    fn refusal() {
        RMSNorm::new([2, 4]).forward(&Tensor::zeros([8, 4]));
    }
}
