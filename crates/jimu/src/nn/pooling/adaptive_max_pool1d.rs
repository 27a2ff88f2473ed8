//! `AdaptiveMaxPool1d`.

use super::super::field::Label;
use super::super::{Forward, Module};
use super::shown_output;
use crate::error::OrRaise;
use crate::ops::nn::adaptive_pool::{OutputSize, try_adaptive_max_pool};
use crate::tensor::Tensor;

/// The maxima of as many even windows as the result has elements, whatever the input's size:
/// [`torch.nn.AdaptiveMaxPool1d`](https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html).
///
/// Window i of m over a size of s runs from ⌊i·s / m⌋ to ⌈(i + 1)·s / m⌉.
///
/// # Args
/// - `output_size`: how many.
///
/// With `return_indices` the call is [`forward_with_indices`](Self::forward_with_indices).
///
/// # Shape
/// - Input: (n, c, l) or (c, l).
/// - Output: (n, c, output_size) or without n.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AdaptiveMaxPool1d, Forward}};
/// assert_eq!(AdaptiveMaxPool1d::new(2).forward(&Tensor::new([[1.0, 2.0, 6.0]])).to_vec::<f32>(), [2.0, 6.0]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AdaptiveMaxPool1d {
    label: Label,
    #[module(skip)]
    output_size: OutputSize,
}

impl AdaptiveMaxPool1d {
    /// A result of this size.
    pub fn new(output_size: usize) -> Self {
        Self { label: Label::default(), output_size: output_size.into() }
    }

    /// The maxima and where each was: `return_indices=True`.
    ///
    /// # Panics
    /// As `forward`.
    ///
    /// ```
    /// use jimu::{Tensor, nn::AdaptiveMaxPool1d};
    /// let (_, index) = AdaptiveMaxPool1d::new(1).forward_with_indices(&Tensor::new([[1.0, 6.0, 2.0]]));
    /// assert_eq!(index.item(), 1.0);
    /// ```
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Tensor) -> (Tensor, Tensor) {
        let _scope = self.label.enter();
        try_adaptive_max_pool::<usize>(x, self.output_size)
            .map_err(|error| error.told_by(self.label.describe("AdaptiveMaxPool1d")))
            .or_raise()
    }

    fn extra_repr(&self) -> String {
        format!("output_size={}", shown_output(self.output_size))
    }
}

impl Forward for AdaptiveMaxPool1d {
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
    #[should_panic(expected = "AdaptiveMaxPool1d: the input must have the shape [batch, channels, length]")]
    fn refusal() {
        AdaptiveMaxPool1d::new(3).forward(&Tensor::zeros([7]));
    }
}
