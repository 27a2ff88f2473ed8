//! The options of pooling.

use jimu_kernels::pool2d::{Divisor, Geometry};

use super::images::{Images, shown};
use super::pair::{Extent, IntoExtent, Pair};
use crate::error::ShapeError;

/// How the windows of max pooling move over signals (`S` is `usize`) or images (`S` is [`Pair`]); the defaults are
/// PyTorch's.
///
/// ```
/// use jimu::nn::functional::{MaxPoolOptions, max_pool2d};
/// use jimu::Tensor;
/// let options = MaxPoolOptions::new(3).stride(2).padding(1);
/// assert_eq!(max_pool2d(&Tensor::zeros([1, 1, 8, 8]), &options).size(), [1, 1, 4, 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPoolOptions<S = Pair> {
    pub(crate) kernel: S,
    pub(crate) stride: Option<S>,
    pub(crate) padding: S,
    pub(crate) dilation: S,
    pub(crate) ceil_mode: bool,
}

impl<S: Extent> MaxPoolOptions<S> {
    /// Windows of this size side by side.
    pub fn new(kernel_size: impl IntoExtent<S>) -> Self {
        Self {
            kernel: kernel_size.into_extent(),
            stride: None,
            padding: 0.into(),
            dilation: 1.into(),
            ceil_mode: false,
        }
    }

    /// The distance between neighbouring windows, by default their size.
    pub fn stride(mut self, stride: impl IntoExtent<S>) -> Self {
        self.stride = Some(stride.into_extent());
        self
    }

    /// -∞ around the input.
    pub fn padding(mut self, padding: impl IntoExtent<S>) -> Self {
        self.padding = padding.into_extent();
        self
    }

    /// The distance between neighbouring pixels of a window.
    pub fn dilation(mut self, dilation: impl IntoExtent<S>) -> Self {
        self.dilation = dilation.into_extent();
        self
    }

    /// Whether windows may reach beyond the edge.
    pub fn ceil_mode(mut self, on: bool) -> Self {
        self.ceil_mode = on;
        self
    }

    pub(crate) fn step(&self) -> S {
        self.stride.unwrap_or(self.kernel)
    }
}

/// How the windows of average pooling move over signals (`S` is `usize`) or images (`S` is [`Pair`]), and what they are
/// divided by; the defaults are PyTorch's.
///
/// ```
/// use jimu::nn::functional::{AvgPoolOptions, avg_pool2d};
/// use jimu::Tensor;
/// let options = AvgPoolOptions::new(2).padding(1).count_include_pad(false);
/// assert_eq!(avg_pool2d(&Tensor::ones([1, 1, 2, 2]), &options).to_vec::<f32>(), [1.0; 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPoolOptions<S = Pair> {
    pub(crate) kernel: S,
    pub(crate) stride: Option<S>,
    pub(crate) padding: S,
    pub(crate) ceil_mode: bool,
    pub(crate) count_include_pad: bool,
    pub(crate) divisor_override: Option<isize>,
}

impl<S: Extent> AvgPoolOptions<S> {
    /// Windows of this size side by side.
    pub fn new(kernel_size: impl IntoExtent<S>) -> Self {
        Self {
            kernel: kernel_size.into_extent(),
            stride: None,
            padding: 0.into(),
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }

    /// The distance between neighbouring windows, by default their size.
    pub fn stride(mut self, stride: impl IntoExtent<S>) -> Self {
        self.stride = Some(stride.into_extent());
        self
    }

    /// Zeros around the input.
    pub fn padding(mut self, padding: impl IntoExtent<S>) -> Self {
        self.padding = padding.into_extent();
        self
    }

    /// Whether windows may reach beyond the edge.
    pub fn ceil_mode(mut self, on: bool) -> Self {
        self.ceil_mode = on;
        self
    }

    /// Whether the zeros of the padding count among the pixels.
    pub fn count_include_pad(mut self, on: bool) -> Self {
        self.count_include_pad = on;
        self
    }

    /// What to divide by instead of the number of pixels.
    pub fn divisor_override(mut self, divisor: impl Into<Option<isize>>) -> Self {
        self.divisor_override = divisor.into();
        self
    }

    pub(crate) fn step(&self) -> S {
        self.stride.unwrap_or(self.kernel)
    }

    /// The windows, as of max pooling.
    pub(super) fn windows(&self) -> MaxPoolOptions<S> {
        let &Self { kernel, stride, padding, ceil_mode, .. } = self;
        MaxPoolOptions { kernel, stride, padding, dilation: 1.into(), ceil_mode }
    }

    pub(super) fn divisor(&self) -> Divisor {
        match (self.divisor_override, self.count_include_pad) {
            (Some(divisor), _) => Divisor::Fixed(divisor.unsigned_abs()),
            (None, true) => Divisor::WindowWithPadding,
            (None, false) => Divisor::WindowInside,
        }
    }
}

impl<S: Extent> MaxPoolOptions<S> {
    /// The shape rule of all pooling.
    pub(super) fn geometry(&self, x: &Images, name: &str) -> Result<Geometry, ShapeError> {
        let refuse = |problem: String, help: &str| Err(ShapeError::new(name, problem).help(help));
        let (sizes, shape, dtype) = (x.images.shape(), x.shape(), x.images.dtype());
        if !dtype.is_floating_point() {
            return refuse(format!("the input is {dtype}"), "convert it with x.to(DType::F32)");
        }
        let [kernel, stride, dilation] = [self.kernel, self.step(), self.dilation].map(|size| size.height_and_width(1));
        let padding = self.padding.height_and_width(0);
        if [kernel, stride, dilation].as_flattened().contains(&0) {
            return refuse("kernel_size, stride and dilation must be at least 1".to_owned(), "give positive numbers");
        }
        if (0..2).any(|axis| 2 * padding[axis] > kernel[axis]) {
            let (padding, kernel) = (shown::<S>(padding), shown::<S>(kernel));
            return refuse(
                format!("the padding {padding} is more than half of the window of {kernel}"),
                "use less padding, or pad the input first",
            );
        }
        let input = [sizes[2], sizes[3]];
        let output = [0, 1].map(|axis| {
            let (kernel, stride) = (kernel[axis], stride[axis]);
            Geometry::output_size(input[axis], kernel, stride, padding[axis], dilation[axis], self.ceil_mode)
        });
        if output.contains(&0) || input.contains(&0) {
            return refuse(
                format!("a window of {} is larger than the padded input of shape {shape}", shown::<S>(kernel)),
                "use a smaller window, or fewer pooling layers before",
            );
        }
        Ok(Geometry { batch: sizes[0], channels: sizes[1], input, output, kernel, stride, padding, dilation })
    }
}
