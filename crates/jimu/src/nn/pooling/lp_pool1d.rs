//! `LPPool1d`.

use super::super::builders::{python, python_float};
use super::super::field::Label;
use super::super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::nn::lp_pool::try_lp_pool;
use crate::tensor::Tensor;

/// The power mean of every window, without the division by its size:
/// [`torch.nn.LPPool1d`](https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html).
///
/// y = (Σ xᵖ)^(1/p) over the window: the sum for p = 1, and for p → ∞ the maximum.
///
/// # Args
/// - `norm_type`: p.
/// - `kernel_size`: the window.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
///
/// # Shape
/// - Input: (n, c, l) or (c, l).
/// - Output: l' = ⌊(l - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LPPool1d}};
/// assert_eq!(LPPool1d::new(2.0, 2).forward(&Tensor::new([[3.0, 4.0]])).item(), 5.0);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct LPPool1d {
    label: Label,
    norm_type: f64,
    kernel_size: usize,
    #[module(skip)]
    stride: Option<usize>,
    ceil_mode: bool,
}

impl LPPool1d {
    /// Sums of powers `norm_type` over windows of this size side by side.
    pub fn new(norm_type: f64, kernel_size: usize) -> Self {
        Self { label: Label::default(), norm_type, kernel_size, stride: None, ceil_mode: false }
    }

    /// The distance between neighbouring windows.
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = Some(stride);
        self
    }

    /// Whether windows may reach beyond the edge.
    pub fn ceil_mode(mut self, on: bool) -> Self {
        self.ceil_mode = on;
        self
    }

    fn extra_repr(&self) -> String {
        let (norm_type, kernel, ceil_mode) = (python_float(self.norm_type), self.kernel_size, python(self.ceil_mode));
        let stride = self.stride.map_or("None".to_owned(), |stride| stride.to_string());
        format!("norm_type={norm_type}, kernel_size={kernel}, stride={stride}, ceil_mode={ceil_mode}")
    }
}

impl Forward for LPPool1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_lp_pool(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)
            .map_err(|error| error.told_by(self.label.describe("LPPool1d")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "LPPool1d: the input must have the shape [batch, channels, length] or [channels, length], but has [3]"
    )]
    fn refusal() {
        LPPool1d::new(2.0, 2).forward(&Tensor::ones([3]));
    }
}
