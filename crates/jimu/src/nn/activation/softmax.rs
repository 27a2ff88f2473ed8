//! `Softmax`.

use crate::nn::{Forward, Module};
use crate::tensor::Tensor;

/// eˣ / Σ eˣ along a dimension:
/// [`torch.nn.Softmax`](https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html).
/// Not before [`CrossEntropyLoss`](crate::nn::CrossEntropyLoss), which has it within.
///
/// # Args
/// - `dim`: the dimension whose elements add up to 1; it may count from the end.
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Softmax}};
/// assert_eq!(Softmax::new(-1).forward(&Tensor::zeros([2, 4])).to_vec::<f32>(), [0.25; 8]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
#[module(extra_repr)]
pub struct Softmax {
    dim: isize,
}

impl Softmax {
    /// Along dimension `dim`.
    pub fn new(dim: isize) -> Self {
        Self { dim }
    }

    fn extra_repr(&self) -> String {
        format!("dim={}", self.dim)
    }
}

impl Forward for Softmax {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.softmax(self.dim)
    }
}
