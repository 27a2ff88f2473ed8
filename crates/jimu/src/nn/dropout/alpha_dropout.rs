//! `AlphaDropout`.

use crate::error::OrRaise;
use crate::nn::field::Mode;
use crate::nn::{Forward, Module, functional};
use crate::ops::nn::dropout::check_probability;
use crate::tensor::Tensor;

/// In training, sets each element with probability p to the value that [`SELU`](crate::nn::SELU) tends to, and scales
/// and shifts all of them so that mean 0 and variance 1 stay; in use, passes its input on:
/// [`torch.nn.AlphaDropout`](https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html) (Klambauer et al.,
/// *Self-normalizing neural networks*, 2017).
///
/// # Args
/// - `p`: the probability, from 0 to 1, in PyTorch 0.5 unless given.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AlphaDropout, Forward}};
/// let y = AlphaDropout::new(0.2).forward(&Tensor::randn([20000]));
/// assert!(y.mean().item().abs() < 0.05 && (y.var().item() - 1.0).abs() < 0.1);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AlphaDropout {
    p: f64,
    training: Mode,
}

impl AlphaDropout {
    /// Drops with probability `p`.
    ///
    /// # Panics
    /// If `p` is not from 0 to 1.
    #[track_caller]
    pub fn new(p: f64) -> Self {
        check_probability(p, "AlphaDropout").or_raise();
        Self { p, training: Mode::default() }
    }

    fn extra_repr(&self) -> String {
        format!("p={}, inplace=False", self.p)
    }
}

impl Forward for AlphaDropout {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::alpha_dropout(x, self.p, self.training.is_training())
    }
}
