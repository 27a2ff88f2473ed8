//! `LocalResponseNorm`.

use super::super::builders::python_float;
use super::super::field::Label;
use super::super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::nn::local_response_norm::try_local_response_norm;
use crate::tensor::Tensor;

/// Divides each channel by a power of the mean square of its neighbours:
/// [`torch.nn.LocalResponseNorm`](https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html) (Krizhevsky,
/// Sutskever and Hinton, *ImageNet Classification with Deep Convolutional Neural Networks*, 2012).
///
/// y\[c\] = x\[c\] / (k + alpha / size · Σ x\[c'\]²)^beta, over the `size` channels c' around c.
///
/// # Args
/// - `size`: how many channels.
/// - [`alpha`](Self::alpha): by default 1e-4; [`beta`](Self::beta): by default 0.75; [`k`](Self::k): by default 1.
///
/// # Shape
/// - Input: (n, c, *), with at least one further dimension; output: the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LocalResponseNorm}};
/// let layer = LocalResponseNorm::new(1).alpha(1.0).beta(1.0).k(0.0);
/// assert_eq!(layer.forward(&Tensor::new([[[1.0], [2.0]]])).to_vec::<f32>(), [1.0, 0.5]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct LocalResponseNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
    label: Label,
}

impl LocalResponseNorm {
    /// Over `size` channels.
    pub fn new(size: usize) -> Self {
        Self { size, alpha: 1e-4, beta: 0.75, k: 1.0, label: Label::default() }
    }

    /// The factor of the mean square.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// The exponent.
    pub fn beta(mut self, beta: f64) -> Self {
        self.beta = beta;
        self
    }

    /// What is added to the mean square.
    pub fn k(mut self, k: f64) -> Self {
        self.k = k;
        self
    }

    fn extra_repr(&self) -> String {
        let [alpha, beta, k] = [self.alpha, self.beta, self.k].map(python_float);
        format!("{}, alpha={alpha}, beta={beta}, k={k}", self.size)
    }
}

impl Forward for LocalResponseNorm {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_local_response_norm(x, self.size, self.alpha, self.beta, self.k)
            .map_err(|error| error.told_by(self.label.describe("LocalResponseNorm")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        assert_eq!(LocalResponseNorm::new(2).to_string(), "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)");
    }

    #[test]
    #[should_panic(expected = "LocalResponseNorm: the input must have the shape [batch, channels, length, …]")]
    fn refusal() {
        LocalResponseNorm::new(2).forward(&Tensor::zeros([2, 3]));
    }
}
