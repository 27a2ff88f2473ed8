//! `AdaptiveMaxPool2d`.

use super::super::field::Label;
use super::super::{Forward, Module, Pair};
use super::shown_output;
use crate::error::OrRaise;
use crate::ops::nn::adaptive_pool::{OutputSize, try_adaptive_max_pool};
use crate::tensor::Tensor;

/// The maxima of as many even windows as the result has pixels, whatever the input's size:
/// [`torch.nn.AdaptiveMaxPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html).
///
/// Window i of m over a size of s runs from ⌊i·s / m⌋ to ⌈(i + 1)·s / m⌉.
///
/// # Args
/// - `output_size`: height and width of the result: one number for both, or two, of which `None` keeps the input's size.
///
/// With `return_indices` the call is [`forward_with_indices`](Self::forward_with_indices).
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w).
/// - Output: (n, c, h', w') or without n, h' and w' being `output_size`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AdaptiveMaxPool2d, Forward}};
/// assert_eq!(AdaptiveMaxPool2d::new((Some(3), None)).forward(&Tensor::zeros([2, 8, 9, 5])).size(), [2, 8, 3, 5]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AdaptiveMaxPool2d {
    label: Label,
    #[module(skip)]
    output_size: OutputSize,
}

impl AdaptiveMaxPool2d {
    /// A result of this size.
    pub fn new(output_size: impl Into<OutputSize>) -> Self {
        Self { label: Label::default(), output_size: output_size.into() }
    }

    /// The maxima and where each was in its plane, `row * width + column`: `return_indices=True`.
    ///
    /// # Panics
    /// As `forward`.
    ///
    /// ```
    /// use jimu::{Tensor, nn::AdaptiveMaxPool2d};
    /// let (_, index) = AdaptiveMaxPool2d::new(1).forward_with_indices(&Tensor::new([[[1.0, 6.0, 2.0]]]));
    /// assert_eq!(index.item(), 1.0);
    /// ```
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Tensor) -> (Tensor, Tensor) {
        let _scope = self.label.enter();
        try_adaptive_max_pool::<Pair>(x, self.output_size)
            .map_err(|error| error.told_by(self.label.describe("AdaptiveMaxPool2d")))
            .or_raise()
    }

    fn extra_repr(&self) -> String {
        format!("output_size={}", shown_output(self.output_size))
    }
}

impl Forward for AdaptiveMaxPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.forward_with_indices(x).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "AdaptiveMaxPool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        AdaptiveMaxPool2d::new(3).forward(&Tensor::zeros([7, 7]));
    }
}
