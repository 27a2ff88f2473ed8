//! `AdaptiveAvgPool1d`.

use super::super::field::Label;
use super::super::{Forward, Module};
use super::shown_output;
use crate::error::OrRaise;
use crate::ops::nn::adaptive_pool::{OutputSize, try_adaptive_avg_pool};
use crate::tensor::Tensor;

/// The means of as many even windows as the result has elements, whatever the input's size:
/// [`torch.nn.AdaptiveAvgPool1d`](https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html).
///
/// Window i of m over a size of s runs from ⌊i·s / m⌋ to ⌈(i + 1)·s / m⌉.
///
/// # Args
/// - `output_size`: how many.
///
/// # Shape
/// - Input: (n, c, l) or (c, l).
/// - Output: (n, c, output_size) or without n.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AdaptiveAvgPool1d, Forward}};
/// assert_eq!(AdaptiveAvgPool1d::new(5).forward(&Tensor::zeros([1, 64, 8])).size(), [1, 64, 5]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AdaptiveAvgPool1d {
    label: Label,
    #[module(skip)]
    output_size: OutputSize,
}

impl AdaptiveAvgPool1d {
    /// A result of this size.
    pub fn new(output_size: usize) -> Self {
        Self { label: Label::default(), output_size: output_size.into() }
    }

    fn extra_repr(&self) -> String {
        format!("output_size={}", shown_output(self.output_size))
    }
}

impl Forward for AdaptiveAvgPool1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_adaptive_avg_pool::<usize>(x, self.output_size)
            .map_err(|error| error.told_by(self.label.describe("AdaptiveAvgPool1d")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "AdaptiveAvgPool1d: the input must have the shape [batch, channels, length]")]
    fn refusal() {
        AdaptiveAvgPool1d::new(3).forward(&Tensor::zeros([7]));
    }
}
