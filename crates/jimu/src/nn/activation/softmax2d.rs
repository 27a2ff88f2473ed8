//! `Softmax2d`.

use crate::error::{ShapeError, raise};
use crate::nn::{Forward, Module};
use crate::tensor::Tensor;

/// The [`Softmax`](crate::nn::Softmax) over the channels of each pixel:
/// [`torch.nn.Softmax2d`](https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html).
///
/// # Shape
/// (n, c, h, w) or (c, h, w); the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Softmax2d}};
/// assert_eq!(Softmax2d.forward(&Tensor::zeros([2, 4, 1, 1])).to_vec::<f32>(), [0.25; 8]);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Softmax2d;

impl Forward for Softmax2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        if x.dim() != 3 && x.dim() != 4 {
            let problem = format!("the input must have the shape [n, c, h, w] or [c, h, w], but has {}", x.shape());
            raise(ShapeError::new("Softmax2d", problem).help("use Softmax for a softmax along any one dimension"));
        }
        x.softmax(-3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "Softmax2d: the input must have the shape [n, c, h, w] or [c, h, w], but has [2, 3]")]
    fn refusal() {
        Softmax2d.forward(&Tensor::zeros([2, 3]));
    }
}
