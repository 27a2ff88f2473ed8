//! `Dropout2d`.

use crate::error::OrRaise;
use crate::nn::field::Mode;
use crate::nn::{Forward, Module, functional};
use crate::ops::nn::dropout::check_probability;
use crate::tensor::Tensor;

/// In training, zeroes each channel with probability p and divides the rest by 1 - p; in use, passes its input on:
/// [`torch.nn.Dropout2d`](https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html) (Tompson et al.,
/// *Efficient object localization using convolutional networks*, 2015). Neighbours within a channel are too much
/// alike for a [`Dropout`](crate::nn::Dropout) of single elements to take information away.
///
/// # Args
/// - `p`: the probability, from 0 to 1, in PyTorch 0.5 unless given.
///
/// # Shape
/// (n, c, h, w) or (c, h, w); the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Dropout2d, Forward}};
/// let y = Dropout2d::new(0.5).forward(&Tensor::ones([10, 5, 2, 2])).to_vec::<f32>();
/// assert!(y.chunks(4).all(|channel| channel == [0.0; 4] || channel == [2.0; 4]));
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Dropout2d {
    p: f64,
    training: Mode,
}

impl Dropout2d {
    /// Zeroes with probability `p`.
    ///
    /// # Panics
    /// If `p` is not from 0 to 1.
    #[track_caller]
    pub fn new(p: f64) -> Self {
        check_probability(p, "Dropout2d").or_raise();
        Self { p, training: Mode::default() }
    }

    fn extra_repr(&self) -> String {
        format!("p={}, inplace=False", self.p)
    }
}

impl Forward for Dropout2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::dropout2d(x, self.p, self.training.is_training())
    }
}
