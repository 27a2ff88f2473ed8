//! `LPPool2d`.

use super::super::builders::{python, python_float};
use super::super::field::Label;
use super::super::{Forward, Module, Pair};
use super::shown;
use crate::error::OrRaise;
use crate::ops::nn::lp_pool::try_lp_pool;
use crate::tensor::Tensor;

/// The power mean of every window, without the division by its size:
/// [`torch.nn.LPPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html).
///
/// y = (Σ xᵖ)^(1/p) over the window: the sum for p = 1, and for p → ∞ the maximum.
///
/// # Args
/// - `norm_type`: p.
/// - `kernel_size`: the window, a number or a pair.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w).
/// - Output: h' = ⌊(h - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, LPPool2d}};
/// assert_eq!(LPPool2d::new(2.0, 2).forward(&Tensor::new([[[1.0, 1.0], [1.0, 1.0]]])).item(), 2.0);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct LPPool2d {
    label: Label,
    norm_type: f64,
    #[module(skip)]
    kernel_size: Pair,
    #[module(skip)]
    stride: Option<Pair>,
    ceil_mode: bool,
}

impl LPPool2d {
    /// Sums of powers `norm_type` over windows of this size side by side.
    pub fn new(norm_type: f64, kernel_size: impl Into<Pair>) -> Self {
        Self { label: Label::default(), norm_type, kernel_size: kernel_size.into(), stride: None, ceil_mode: false }
    }

    /// The distance between neighbouring windows.
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.stride = Some(stride.into());
        self
    }

    /// Whether windows may reach beyond the edge.
    pub fn ceil_mode(mut self, on: bool) -> Self {
        self.ceil_mode = on;
        self
    }

    fn extra_repr(&self) -> String {
        let (norm_type, kernel, ceil_mode) =
            (python_float(self.norm_type), shown(self.kernel_size), python(self.ceil_mode));
        let stride = self.stride.map_or("None".to_owned(), shown);
        format!("norm_type={norm_type}, kernel_size={kernel}, stride={stride}, ceil_mode={ceil_mode}")
    }
}

impl Forward for LPPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_lp_pool(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)
            .map_err(|error| error.told_by(self.label.describe("LPPool2d")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "LPPool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        LPPool2d::new(2.0, 2).forward(&Tensor::ones([3, 3]));
    }
}
