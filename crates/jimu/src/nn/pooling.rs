//! `MaxPool2d` and `AvgPool2d`.

use jimu_kernels::pool2d::Divisor;

use super::field::Label;
use super::{Forward, Module, Pair};
use crate::error::OrRaise;
use crate::ops::nn::avg_pool2d::try_avg_pool2d;
use crate::ops::nn::max_pool2d::{PoolOptions, try_max_pool2d};
use crate::tensor::Tensor;

/// The largest pixel of every window:
/// [`torch.nn.MaxPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html).
///
/// # Args
/// - `kernel_size`: the window, a number or a pair.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`padding`](Self::padding): -∞ around the input, at most half the window, by default 0.
/// - [`dilation`](Self::dilation): the distance between the pixels of a window, by default 1.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w).
/// - Output: h' = ⌊(h + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, MaxPool2d}};
/// assert_eq!(MaxPool2d::new(2).forward(&Tensor::zeros([1, 6, 28, 28])).size(), [1, 6, 14, 14]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct MaxPool2d {
    label: Label,
    #[module(skip)]
    options: PoolOptions,
}

impl MaxPool2d {
    /// Windows of this size side by side.
    pub fn new(kernel_size: impl Into<Pair>) -> Self {
        Self { label: Label::default(), options: PoolOptions::new(kernel_size.into()) }
    }

    /// The distance between neighbouring windows.
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.options.stride = stride.into().0;
        self
    }

    /// -∞ around the input.
    pub fn padding(mut self, padding: impl Into<Pair>) -> Self {
        self.options.padding = padding.into().0;
        self
    }

    /// The distance between neighbouring pixels of a window.
    pub fn dilation(mut self, dilation: impl Into<Pair>) -> Self {
        self.options.dilation = dilation.into().0;
        self
    }

    /// Whether windows may reach beyond the edge.
    pub fn ceil_mode(mut self, on: bool) -> Self {
        self.options.ceil_mode = on;
        self
    }

    /// The pooled tensor and the position of each maximum in its plane, `row * width + column`: `return_indices=True`.
    ///
    /// ```
    /// use jimu::{Tensor, nn::MaxPool2d};
    /// let (value, index) = MaxPool2d::new(2).forward_with_indices(&Tensor::new([[[1.0, 2.0], [4.0, 3.0]]]));
    /// assert_eq!((value.item(), index.item()), (4.0, 2.0));
    /// ```
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Tensor) -> (Tensor, Tensor) {
        let (values, indices) = try_max_pool2d(x, self.options, true)
            .map_err(|error| error.told_by(self.label.describe("MaxPool2d")))
            .or_raise();
        (values, indices.expect("indices were asked for"))
    }

    fn extra_repr(&self) -> String {
        let PoolOptions { kernel, stride, padding, dilation, ceil_mode } = self.options;
        let show = |pair: [usize; 2]| if pair[0] == pair[1] { pair[0].to_string() } else { Pair(pair).to_string() };
        let ceil_mode = if ceil_mode { "True" } else { "False" };
        format!(
            "kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={ceil_mode}",
            show(kernel),
            show(stride),
            show(padding),
            show(dilation)
        )
    }
}

impl Forward for MaxPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        try_max_pool2d(x, self.options, false)
            .map_err(|error| error.told_by(self.label.describe("MaxPool2d")))
            .or_raise()
            .0
    }
}

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
/// As [`MaxPool2d`], with dilation 1.
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
    options: PoolOptions,
    count_include_pad: bool,
    divisor_override: Option<usize>,
}

impl AvgPool2d {
    /// Windows of this size side by side.
    pub fn new(kernel_size: impl Into<Pair>) -> Self {
        let options = PoolOptions::new(kernel_size.into());
        Self { label: Label::default(), options, count_include_pad: true, divisor_override: None }
    }

    /// The distance between neighbouring windows.
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.options.stride = stride.into().0;
        self
    }

    /// Zeros around the input.
    pub fn padding(mut self, padding: impl Into<Pair>) -> Self {
        self.options.padding = padding.into().0;
        self
    }

    /// Whether windows may reach beyond the edge.
    pub fn ceil_mode(mut self, on: bool) -> Self {
        self.options.ceil_mode = on;
        self
    }

    /// Whether the zeros of the padding count among the pixels.
    pub fn count_include_pad(mut self, on: bool) -> Self {
        self.count_include_pad = on;
        self
    }

    /// What to divide by instead of the number of pixels.
    pub fn divisor_override(mut self, divisor: usize) -> Self {
        self.divisor_override = Some(divisor);
        self
    }

    fn divisor(&self) -> Divisor {
        match (self.divisor_override, self.count_include_pad) {
            (Some(divisor), _) => Divisor::Fixed(divisor),
            (None, true) => Divisor::WindowWithPadding,
            (None, false) => Divisor::WindowInside,
        }
    }

    fn extra_repr(&self) -> String {
        let PoolOptions { kernel, stride, padding, .. } = self.options;
        let show = |pair: [usize; 2]| if pair[0] == pair[1] { pair[0].to_string() } else { Pair(pair).to_string() };
        format!("kernel_size={}, stride={}, padding={}", show(kernel), show(stride), show(padding))
    }
}

impl Forward for AvgPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        try_avg_pool2d(x, self.options, self.divisor())
            .map_err(|error| error.told_by(self.label.describe("AvgPool2d")))
            .or_raise()
    }
}
