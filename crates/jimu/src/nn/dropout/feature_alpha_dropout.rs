//! `FeatureAlphaDropout`.

use crate::error::OrRaise;
use crate::nn::field::Mode;
use crate::nn::{Forward, Module, functional};
use crate::ops::nn::dropout::check_probability;
use crate::tensor::Tensor;

/// An [`AlphaDropout`](crate::nn::AlphaDropout) of whole channels:
/// [`torch.nn.FeatureAlphaDropout`](https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html).
///
/// # Args
/// - `p`: the probability, from 0 to 1, in PyTorch 0.5 unless given.
///
/// # Shape
/// (n, c, …); the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{FeatureAlphaDropout, Forward}};
/// let y = FeatureAlphaDropout::new(0.5).forward(&Tensor::ones([2, 5, 4])).to_vec::<f32>();
/// assert!(y.chunks(4).all(|channel| channel == [channel[0]; 4]));
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct FeatureAlphaDropout {
    p: f64,
    training: Mode,
}

impl FeatureAlphaDropout {
    /// Drops with probability `p`.
    ///
    /// # Panics
    /// If `p` is not from 0 to 1.
    #[track_caller]
    pub fn new(p: f64) -> Self {
        check_probability(p, "FeatureAlphaDropout").or_raise();
        Self { p, training: Mode::default() }
    }

    fn extra_repr(&self) -> String {
        format!("p={}, inplace=False", self.p)
    }
}

impl Forward for FeatureAlphaDropout {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::feature_alpha_dropout(x, self.p, self.training.is_training())
    }
}
