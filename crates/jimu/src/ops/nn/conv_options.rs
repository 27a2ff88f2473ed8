//! The options of convolutions.

use super::pair::{Extent, IntoExtent, Pair};
use crate::error::{ShapeError, raise};

/// How many pixels are put around the input of a convolution: of images by default, of signals as `Padding<usize>`.
///
/// ```
/// use jimu::nn::Padding;
/// let padding: Padding = 2.into();
/// assert_eq!(padding, Padding::Pixels((2, 2).into()));
/// assert_eq!(Padding::<usize>::from("same"), Padding::Same);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<S = Pair> {
    /// As many above as below, and left as right.
    Pixels(S),
    /// `'same'`: as many as keep the size, the odd one below and to the right; needs stride 1.
    Same,
    /// `'valid'`: none.
    Valid,
}

impl<P: Into<Pair>> From<P> for Padding {
    fn from(pixels: P) -> Self {
        Self::Pixels(pixels.into())
    }
}

impl From<usize> for Padding<usize> {
    fn from(pixels: usize) -> Self {
        Self::Pixels(pixels)
    }
}

impl<S> From<&str> for Padding<S> {
    /// # Panics
    /// If the word is neither `same` nor `valid`.
    #[track_caller]
    fn from(word: &str) -> Self {
        match word {
            "same" => Self::Same,
            "valid" => Self::Valid,
            _ => raise(
                ShapeError::new("padding", format!("there is no padding {word:?}"))
                    .help("choose \"same\", \"valid\", or a number of pixels"),
            ),
        }
    }
}

/// How a kernel moves over signals (`S` is `usize`) or images (`S` is [`Pair`]); the defaults are PyTorch's.
///
/// ```
/// use jimu::nn::functional::{ConvOptions, conv2d};
/// use jimu::Tensor;
/// let (x, weight) = (Tensor::zeros([1, 2, 8, 8]), Tensor::zeros([4, 2, 3, 3]));
/// let options = ConvOptions::new().stride(2).padding(1);
/// assert_eq!(conv2d(&x, &weight, None, &options).size(), [1, 4, 4, 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvOptions<S = Pair> {
    pub(crate) stride: S,
    pub(crate) padding: Padding<S>,
    pub(crate) dilation: S,
    pub(crate) groups: usize,
}

impl<S: Extent> ConvOptions<S> {
    /// Stride 1, no padding, dilation 1, one group.
    pub fn new() -> Self {
        Self { stride: 1.into(), padding: Padding::Pixels(0.into()), dilation: 1.into(), groups: 1 }
    }

    /// The distance between neighbouring windows.
    pub fn stride(mut self, stride: impl IntoExtent<S>) -> Self {
        self.stride = stride.into_extent();
        self
    }

    /// Pixels around the input, `"same"` or `"valid"`.
    ///
    /// # Panics
    /// If a word is another.
    #[track_caller]
    pub fn padding(mut self, padding: impl Into<Padding<S>>) -> Self {
        self.padding = padding.into();
        self
    }

    /// The distance between neighbouring taps of the kernel.
    pub fn dilation(mut self, dilation: impl IntoExtent<S>) -> Self {
        self.dilation = dilation.into_extent();
        self
    }

    /// The number of separate convolutions that the channels are divided among.
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// `[[top, bottom], [left, right]]` for a kernel of this height and width.
    pub(crate) fn pixels(&self, kernel: [usize; 2], name: &str) -> Result<[[usize; 2]; 2], ShapeError> {
        match self.padding {
            Padding::Valid => Ok([[0; 2]; 2]),
            Padding::Pixels(pixels) => Ok(pixels.height_and_width(0).map(|pixels| [pixels; 2])),
            Padding::Same if self.stride != S::from(1) => {
                let stride = self.stride.tuple();
                Err(ShapeError::new(name, format!("the padding \"same\" has no meaning with stride {stride}"))
                    .help("use stride 1, or give the padding in pixels"))
            }
            Padding::Same => {
                let dilation = self.dilation.height_and_width(1);
                Ok([0, 1].map(|axis| {
                    let total = dilation[axis] * (kernel[axis] - 1);
                    [total / 2, total - total / 2]
                }))
            }
        }
    }
}

impl<S: Extent> Default for ConvOptions<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// How a kernel moves over the output of a transposed convolution of signals (`S` is `usize`) or images (`S` is
/// [`Pair`]); the defaults are PyTorch's.
///
/// ```
/// use jimu::nn::functional::{ConvTransposeOptions, conv_transpose2d};
/// use jimu::Tensor;
/// let (x, weight) = (Tensor::zeros([1, 4, 4, 4]), Tensor::zeros([4, 2, 3, 3]));
/// let options = ConvTransposeOptions::new().stride(2).padding(1).output_padding(1);
/// assert_eq!(conv_transpose2d(&x, &weight, None, &options).size(), [1, 2, 8, 8]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTransposeOptions<S = Pair> {
    pub(crate) stride: S,
    pub(crate) padding: S,
    pub(crate) output_padding: S,
    pub(crate) dilation: S,
    pub(crate) groups: usize,
}

impl<S: Extent> ConvTransposeOptions<S> {
    /// Stride 1, no padding on either side, dilation 1, one group.
    pub fn new() -> Self {
        Self { stride: 1.into(), padding: 0.into(), output_padding: 0.into(), dilation: 1.into(), groups: 1 }
    }

    /// The distance in the output between the windows of neighbouring inputs.
    pub fn stride(mut self, stride: impl IntoExtent<S>) -> Self {
        self.stride = stride.into_extent();
        self
    }

    /// Pixels cut off around the output.
    pub fn padding(mut self, padding: impl IntoExtent<S>) -> Self {
        self.padding = padding.into_extent();
        self
    }

    /// Pixels added to the output below and to the right, fewer than the stride or the dilation.
    pub fn output_padding(mut self, padding: impl IntoExtent<S>) -> Self {
        self.output_padding = padding.into_extent();
        self
    }

    /// The distance between neighbouring taps of the kernel.
    pub fn dilation(mut self, dilation: impl IntoExtent<S>) -> Self {
        self.dilation = dilation.into_extent();
        self
    }

    /// The number of separate convolutions that the channels are divided among.
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }
}

impl<S: Extent> Default for ConvTransposeOptions<S> {
    fn default() -> Self {
        Self::new()
    }
}
