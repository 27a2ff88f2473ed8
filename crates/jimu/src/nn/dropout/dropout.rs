//! `Dropout`.

use crate::error::OrRaise;
use crate::nn::field::Mode;
use crate::nn::{Forward, Module, functional};
use crate::ops::nn::dropout::check_probability;
use crate::tensor::Tensor;

/// In training, zeroes each element with probability p and divides the rest by 1 - p; in use, passes its input on:
/// [`torch.nn.Dropout`](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html) (Hinton et al., *Improving
/// neural networks by preventing co-adaptation of feature detectors*, 2012).
///
/// # Args
/// - `p`: the probability, from 0 to 1, in PyTorch 0.5 unless given.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Dropout, Forward, Module}};
/// let layer = Dropout::new(0.5);
/// let y = layer.forward(&Tensor::ones([100])).to_vec::<f32>();
/// assert!(y.iter().all(|&y| y == 0.0 || y == 2.0));
/// layer.eval();
/// assert_eq!(layer.forward(&Tensor::ones([2])).to_vec::<f32>(), [1.0, 1.0]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Dropout {
    p: f64,
    training: Mode,
}

impl Dropout {
    /// Zeroes with probability `p`.
    ///
    /// # Panics
    /// If `p` is not from 0 to 1.
    #[track_caller]
    pub fn new(p: f64) -> Self {
        check_probability(p, "Dropout").or_raise();
        Self { p, training: Mode::default() }
    }

    fn extra_repr(&self) -> String {
        format!("p={}, inplace=False", self.p)
    }
}

impl Forward for Dropout {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::dropout(x, self.p, self.training.is_training())
    }
}
