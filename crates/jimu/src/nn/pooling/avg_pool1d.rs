//! `AvgPool1d`.

use super::super::builders::builders;
use super::super::field::Label;
use super::super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::nn::avg_pool2d::try_avg_pool;
use crate::ops::nn::pool_options::AvgPoolOptions;
use crate::tensor::Tensor;

/// The mean number of every window:
/// [`torch.nn.AvgPool1d`](https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html).
///
/// # Args
/// - `kernel_size`: the window.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`padding`](Self::padding): zeros at both ends of the input, at most half the window, by default 0.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
/// - [`count_include_pad`](Self::count_include_pad): whether the zeros count, by default yes.
///
/// # Shape
/// - Input: (n, c, l) or (c, l).
/// - Output: l' = ⌊(l + 2·padding - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{AvgPool1d, Forward}};
/// assert_eq!(AvgPool1d::new(2).forward(&Tensor::new([[1.0, 5.0, 2.0, 4.0]])).to_vec::<f32>(), [3.0, 3.0]);
/// assert_eq!(AvgPool1d::new(3).stride(2).to_string(), "AvgPool1d(kernel_size=(3,), stride=(2,), padding=(0,))");
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct AvgPool1d {
    label: Label,
    #[module(skip)]
    options: AvgPoolOptions<usize>,
}

impl AvgPool1d {
    /// Windows of this size side by side.
    pub fn new(kernel_size: usize) -> Self {
        Self { label: Label::default(), options: AvgPoolOptions::new(kernel_size) }
    }

    builders! {
        /// The distance between neighbouring windows.
        stride(usize);
        /// Zeros at both ends of the input.
        padding(usize);
        /// Whether windows may reach beyond the edge.
        ceil_mode(bool);
        /// Whether the zeros of the padding count among the numbers.
        count_include_pad(bool);
    }

    fn extra_repr(&self) -> String {
        let AvgPoolOptions { kernel, padding, .. } = self.options;
        format!("kernel_size=({kernel},), stride=({},), padding=({padding},)", self.options.step())
    }
}

impl Forward for AvgPool1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_avg_pool(x, &self.options).map_err(|error| error.told_by(self.label.describe("AvgPool1d"))).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "AvgPool1d: a window of 2 is larger than the padded input of shape [3, 1]")]
    fn refusal() {
        AvgPool1d::new(2).forward(&Tensor::zeros([3, 1]));
    }
}
