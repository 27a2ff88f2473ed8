//! `Linear`.

use super::field::{Label, Parameter};
use super::{Forward, Module, init};
use crate::error::OrRaise;
use crate::ops::linalg::linear::try_linear;
use crate::tensor::Tensor;

/// y = x Wᵀ + b over the last dimension:
/// [`torch.nn.Linear`](https://pytorch.org/docs/stable/generated/torch.nn.Linear.html).
///
/// # Args
/// - `in_features`: the size of each input.
/// - `out_features`: the size of each output.
/// - [`bias`](Self::bias): whether there is a b, by default yes.
///
/// # Shape
/// - Input: (*, in_features), any number of leading dimensions; output: (*, out_features).
///
/// # Attributes
/// - `weight`: (out_features, in_features), from U(-√k, √k) with k = 1 / in_features.
/// - `bias`: (out_features), from the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Linear}};
/// let layer = Linear::new(20, 30);
/// assert_eq!(layer.forward(&Tensor::randn([128, 20])).size(), [128, 30]);
/// assert_eq!(layer.forward(&Tensor::randn([2, 3, 4, 20])).size(), [2, 3, 4, 30]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Linear {
    /// W, (out_features, in_features).
    pub weight: Parameter,
    /// b, (out_features).
    pub bias: Option<Parameter>,
    label: Label,
}

impl Linear {
    /// A layer with random weights.
    pub fn new(in_features: usize, out_features: usize) -> Self {
        let weight = init::default_weight([out_features, in_features], in_features);
        let bias = Some(init::default_weight([out_features], in_features));
        Self { weight, bias, label: Label::default() }
    }

    /// With a b, or without.
    pub fn bias(mut self, on: bool) -> Self {
        if on != self.bias.is_some() {
            let (outputs, inputs) = (self.weight.size()[0], self.weight.size()[1]);
            self.bias = on.then(|| init::default_weight([outputs], inputs));
        }
        self
    }

    fn extra_repr(&self) -> String {
        let (outputs, inputs) = (self.weight.size()[0], self.weight.size()[1]);
        let bias = if self.bias.is_some() { "True" } else { "False" };
        format!("in_features={inputs}, out_features={outputs}, bias={bias}")
    }
}

impl Forward for Linear {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_linear(x, &self.weight, self.bias.as_deref())
            .map_err(|error| error.told_by(self.label.describe("Linear")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Module)]
    struct Net {
        fc1: Linear,
    }

    #[test]
    #[should_panic(expected = "Net.fc1 (Linear): the last dimension of the input must be 400 (in_features)")]
    fn the_error_names_the_layer() {
        let net = Net { fc1: Linear::new(400, 120) };
        assert_eq!(net.parameters().len(), 2);
        net.fc1.forward(&Tensor::zeros([64, 256]));
    }
}
