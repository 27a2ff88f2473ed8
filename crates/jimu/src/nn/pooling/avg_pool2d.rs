//! `AvgPool2d`.

use super::super::builders::builders;
use super::super::field::Label;
use super::super::{Forward, Module, Pair};
use super::shown;
use crate::error::OrRaise;
use crate::ops::nn::avg_pool2d::try_avg_pool;
use crate::ops::nn::pool_options::AvgPoolOptions;
use crate::tensor::Tensor;

/// The mean pixel of every window:
/// [`torch.nn.AvgPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html).
///
/// # Args
/// - `kernel_size`: the window, a number or a pair.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`padding`](Self::padding): zeros around the input, at most half the window, by default 0.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
/// - [`count_include_pad`](Self::count_include_pad): whether the zeros count, by default yes.
/// - [`divisor_override`](Self::divisor_override): what to divide by instead of the window's size.
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w).
/// - Output: h' = ⌊(h + 2·padding - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AvgPool2d, Forward}};
/// assert_eq!(AvgPool2d::new(2).forward(&Tensor::new([[[1.0, 2.0], [4.0, 3.0]]])).item(), 2.5);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AvgPool2d {
    label: Label,
    #[module(skip)]
    options: AvgPoolOptions,
}

impl AvgPool2d {
    /// Windows of this size side by side.
    pub fn new(kernel_size: impl Into<Pair>) -> Self {
        Self { label: Label::default(), options: AvgPoolOptions::new(kernel_size) }
    }

    builders! {
        /// The distance between neighbouring windows.
        stride(impl Into<Pair>);
        /// Zeros around the input.
        padding(impl Into<Pair>);
        /// Whether windows may reach beyond the edge.
        ceil_mode(bool);
        /// Whether the zeros of the padding count among the pixels.
        count_include_pad(bool);
        /// What to divide by instead of the number of pixels.
        divisor_override(impl Into<Option<isize>>);
    }

    fn extra_repr(&self) -> String {
        let AvgPoolOptions { kernel, padding, .. } = self.options;
        let [kernel, stride, padding] = [kernel, self.options.step(), padding].map(shown);
        format!("kernel_size={kernel}, stride={stride}, padding={padding}")
    }
}

impl Forward for AvgPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_avg_pool(x, &self.options).map_err(|error| error.told_by(self.label.describe("AvgPool2d"))).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "AvgPool2d: a window of 2x2 is larger than the padded input of shape [1, 3, 1, 4]")]
    fn refusal() {
        AvgPool2d::new(2).forward(&Tensor::zeros([1, 3, 1, 4]));
    }
}
