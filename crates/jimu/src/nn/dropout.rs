//! `Dropout`.

use super::field::Mode;
use super::{Forward, Module};
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// In training, zeroes each element with probability p and divides the rest by 1 - p; in use, passes its input on:
/// [`torch.nn.Dropout`](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html) (Hinton et al., *Improving
/// neural networks by preventing co-adaptation of feature detectors*, 2012).
///
/// # Args
/// - `p`: the probability, from 0 to 1.
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
        if !(0.0..=1.0).contains(&p) {
            raise(ShapeError::new("Dropout", format!("p is {p}")).help("choose a probability from 0 to 1"));
        }
        Self { p, training: Mode::default() }
    }

    fn extra_repr(&self) -> String {
        format!("p={}, inplace=False", self.p)
    }
}

impl Forward for Dropout {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        if !self.training.is_training() || self.p == 0.0 {
            return x.clone();
        }
        if self.p == 1.0 {
            return x * 0.0;
        }
        let kept = match x.is_meta() {
            true => x.clone(),
            false => Tensor::rand(x.size()).ge(self.p).to(x.dtype()) / (1.0 - self.p),
        };
        x * kept
    }
}
