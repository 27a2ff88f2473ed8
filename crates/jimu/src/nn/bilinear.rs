//! `Bilinear`.

use super::field::{Label, Parameter};
use super::{Module, init};
use crate::error::OrRaise;
use crate::ops::nn::bilinear::try_bilinear;
use crate::tensor::Tensor;

/// y\[o\] = x₁ᵀ W\[o\] x₂ + b\[o\] over the last dimensions:
/// [`torch.nn.Bilinear`](https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html).
///
/// # Args
/// - `in1_features`, `in2_features`: the sizes of the inputs.
/// - `out_features`: the size of the output.
/// - [`bias`](Self::bias()): whether there is a b, by default yes.
///
/// # Shape
/// - Inputs: (*, in1_features) and (*, in2_features), with equal leading dimensions; output: (*, out_features).
///
/// # Attributes
/// - `weight`: (out_features, in1_features, in2_features), from U(-√k, √k) with k = 1 / in1_features.
/// - `bias`: (out_features), from the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::Bilinear};
/// let layer = Bilinear::new(20, 30, 40);
/// assert_eq!(layer.forward(&Tensor::randn([128, 20]), &Tensor::randn([128, 30])).size(), [128, 40]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Bilinear {
    /// W, (out_features, in1_features, in2_features).
    pub weight: Parameter,
    /// b, (out_features).
    pub bias: Option<Parameter>,
    label: Label,
}

impl Bilinear {
    /// A layer with random weights.
    pub fn new(in1_features: usize, in2_features: usize, out_features: usize) -> Self {
        Self {
            weight: init::default_weight([out_features, in1_features, in2_features], in1_features),
            bias: Some(init::default_weight([out_features], in1_features)),
            label: Label::default(),
        }
    }

    /// With a b, or without.
    pub fn bias(mut self, on: bool) -> Self {
        if on != self.bias.is_some() {
            let (outputs, inputs) = (self.weight.size()[0], self.weight.size()[1]);
            self.bias = on.then(|| init::default_weight([outputs], inputs));
        }
        self
    }

    /// The output for the inputs `x1` and `x2`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_bilinear(x1, x2, &self.weight, self.bias.as_deref())
            .map_err(|error| error.told_by(self.label.describe("Bilinear")))
            .or_raise()
    }

    fn extra_repr(&self) -> String {
        let [out, in1, in2] = [0, 1, 2].map(|dim| self.weight.size()[dim]);
        let bias = if self.bias.is_some() { "True" } else { "False" };
        format!("in1_features={in1}, in2_features={in2}, out_features={out}, bias={bias}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "Bilinear: inputs of shapes [2, 3] and [2, 3] do not fit [*, 3] and [*, 4]")]
    fn refusal() {
        Bilinear::new(3, 4, 5).forward(&Tensor::zeros([2, 3]), &Tensor::zeros([2, 3]));
    }
}
