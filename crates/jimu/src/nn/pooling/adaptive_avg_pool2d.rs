//! `AdaptiveAvgPool2d`.

use super::super::field::Label;
use super::super::{Forward, Module, Pair};
use super::shown_output;
use crate::error::OrRaise;
use crate::ops::nn::adaptive_pool::{OutputSize, try_adaptive_avg_pool};
use crate::tensor::Tensor;

/// The means of as many even windows as the result has pixels, whatever the input's size:
/// [`torch.nn.AdaptiveAvgPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html).
///
/// Window i of m over a size of s runs from ⌊i·s / m⌋ to ⌈(i + 1)·s / m⌉.
///
/// # Args
/// - `output_size`: height and width of the result: one number for both, or two, of which `None` keeps the input's size.
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w).
/// - Output: (n, c, h', w') or without n, h' and w' being `output_size`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AdaptiveAvgPool2d, Forward}};
/// assert_eq!(AdaptiveAvgPool2d::new(1).forward(&Tensor::zeros([2, 512, 7, 7])).size(), [2, 512, 1, 1]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AdaptiveAvgPool2d {
    label: Label,
    #[module(skip)]
    output_size: OutputSize,
}

impl AdaptiveAvgPool2d {
    /// A result of this size.
    pub fn new(output_size: impl Into<OutputSize>) -> Self {
        Self { label: Label::default(), output_size: output_size.into() }
    }

    fn extra_repr(&self) -> String {
        format!("output_size={}", shown_output(self.output_size))
    }
}

impl Forward for AdaptiveAvgPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_adaptive_avg_pool::<Pair>(x, self.output_size)
            .map_err(|error| error.told_by(self.label.describe("AdaptiveAvgPool2d")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "AdaptiveAvgPool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        AdaptiveAvgPool2d::new(3).forward(&Tensor::zeros([7, 7]));
    }
}
