//! `Conv2d`.

use super::field::{Label, Parameter};
use super::{Forward, Module, Pair, init};
use crate::error::{OrRaise, ShapeError, raise};
use crate::ops::index::PadMode;
use crate::ops::nn::conv2d::{ConvOptions, try_conv2d};
use crate::tensor::{Dims, Tensor};

/// How many pixels are put around the input.
///
/// ```
/// use jimu::nn::Padding;
/// assert_eq!(Padding::from(2), Padding::Pixels((2, 2).into()));
/// assert_eq!(Padding::from("same"), Padding::Same);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// As many above as below, and left as right.
    Pixels(Pair),
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

impl From<&str> for Padding {
    /// # Panics
    /// If the word is neither `same` nor `valid`.
    #[track_caller]
    fn from(word: &str) -> Self {
        match word {
            "same" => Self::Same,
            "valid" => Self::Valid,
            _ => raise(
                ShapeError::new("Conv2d", format!("there is no padding {word:?}"))
                    .help("choose \"same\", \"valid\", or a number of pixels"),
            ),
        }
    }
}

/// What is put around the input: `padding_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaddingMode {
    /// Zeros.
    #[default]
    Zeros,
    /// The input mirrored at its edge pixels.
    Reflect,
    /// The edge pixels repeated.
    Replicate,
    /// The input's other side.
    Circular,
}

/// The cross-correlation of images with learnt filters:
/// [`torch.nn.Conv2d`](https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html).
///
/// out\[n, o\] = bias\[o\] + Σ_c weight\[o, c\] ⋆ input\[n, c\], where ⋆ is cross-correlation: the filter is not flipped, as it
/// would be in the convolution of signal processing.
///
/// # Args
/// - `in_channels`, `out_channels`, `kernel_size` (a number or a pair).
/// - [`stride`](Self::stride): the distance between windows, by default 1.
/// - [`padding`](Self::padding): pixels around the input, `"same"` or `"valid"`, by default 0.
/// - [`dilation`](Self::dilation): the distance between the taps of the kernel, by default 1.
/// - [`groups`](Self::groups): separate convolutions that the channels are divided among, by default 1.
/// - [`bias`](Self::bias): whether there is a bias, by default yes.
/// - [`padding_mode`](Self::padding_mode): what is put around the input, by default zeros.
///
/// # Shape
/// - Input: (n, in_channels, h, w) or (in_channels, h, w).
/// - Output: (n, out_channels, h', w') or without n; h' = ⌊(h + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1.
///
/// # Attributes
/// - `weight`: (out_channels, in_channels / groups, kh, kw), from U(-√k, √k) with
///   k = groups / (in_channels·kh·kw).
/// - `bias`: (out_channels), from the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Conv2d, Forward}};
/// let layer = Conv2d::new(1, 6, 5).padding(2);
/// assert_eq!(layer.forward(&Tensor::randn([64, 1, 28, 28])).size(), [64, 6, 28, 28]);
/// assert_eq!(layer.to_string(), "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))");
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Conv2d {
    /// The filters, (out_channels, in_channels / groups, kh, kw).
    pub weight: Parameter,
    /// One number for each output channel.
    pub bias: Option<Parameter>,
    label: Label,
    #[module(skip)]
    stride: Pair,
    #[module(skip)]
    padding: Padding,
    #[module(skip)]
    padding_mode: PaddingMode,
    #[module(skip)]
    dilation: Pair,
    groups: usize,
}

impl Conv2d {
    /// A layer with random filters.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: impl Into<Pair>) -> Self {
        let [height, width] = kernel_size.into().0;
        let fan_in = in_channels * height * width;
        Self {
            weight: init::default_weight([out_channels, in_channels, height, width], fan_in),
            bias: Some(init::default_weight([out_channels], fan_in)),
            label: Label::default(),
            stride: 1.into(),
            padding: 0.into(),
            padding_mode: PaddingMode::Zeros,
            dilation: 1.into(),
            groups: 1,
        }
    }

    /// The distance between neighbouring windows.
    #[track_caller]
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.stride = positive("stride", stride.into());
        self
    }

    /// Pixels around the input, `"same"` or `"valid"`.
    #[track_caller]
    pub fn padding(mut self, padding: impl Into<Padding>) -> Self {
        self.padding = padding.into();
        self
    }

    /// What is put around the input.
    pub fn padding_mode(mut self, mode: PaddingMode) -> Self {
        self.padding_mode = mode;
        self
    }

    /// The distance between neighbouring taps of the kernel.
    #[track_caller]
    pub fn dilation(mut self, dilation: impl Into<Pair>) -> Self {
        self.dilation = positive("dilation", dilation.into());
        self
    }

    /// The number of separate convolutions that the channels are divided among. Draws new filters.
    ///
    /// # Panics
    /// If the channels cannot be divided so.
    #[track_caller]
    pub fn groups(mut self, groups: usize) -> Self {
        let (inputs, outputs) = (self.in_channels(), self.out_channels());
        if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            raise(
                ShapeError::new(
                    "Conv2d",
                    format!("{inputs} input and {outputs} output channels do not divide into {groups} groups"),
                )
                .help("make both numbers of channels multiples of groups"),
            );
        }
        let [height, width] = self.kernel();
        self.groups = groups;
        let fan_in = inputs / groups * height * width;
        self.weight = init::default_weight([outputs, inputs / groups, height, width], fan_in);
        self.bias = self.bias.map(|_| init::default_weight([outputs], fan_in));
        self
    }

    /// With a bias, or without.
    pub fn bias(mut self, on: bool) -> Self {
        if on != self.bias.is_some() {
            let fan_in = self.weight.numel() / self.out_channels().max(1);
            self.bias = on.then(|| init::default_weight([self.out_channels()], fan_in));
        }
        self
    }

    fn in_channels(&self) -> usize {
        self.weight.size()[1] * self.groups
    }

    fn out_channels(&self) -> usize {
        self.weight.size()[0]
    }

    fn kernel(&self) -> [usize; 2] {
        [self.weight.size()[2], self.weight.size()[3]]
    }

    /// `[[top, bottom], [left, right]]`.
    fn pixels(&self) -> Result<[[usize; 2]; 2], ShapeError> {
        match self.padding {
            Padding::Valid => Ok([[0; 2]; 2]),
            Padding::Pixels(Pair([height, width])) => Ok([[height; 2], [width; 2]]),
            Padding::Same if self.stride != Pair([1, 1]) => Err(ShapeError::new(
                "Conv2d",
                format!("the padding \"same\" has no meaning with stride {}", self.stride),
            )
            .help("use stride 1, or give the padding in pixels")),
            Padding::Same => Ok([0, 1].map(|axis| {
                let total = self.dilation.0[axis] * (self.kernel()[axis] - 1);
                [total / 2, total - total / 2]
            })),
        }
    }

    fn try_forward(&self, x: &Tensor) -> Result<Tensor, ShapeError> {
        let pixels = self.pixels()?;
        let mode = match self.padding_mode {
            PaddingMode::Zeros => None,
            PaddingMode::Reflect => Some(PadMode::Reflect),
            PaddingMode::Replicate => Some(PadMode::Replicate),
            PaddingMode::Circular => Some(PadMode::Circular),
        };
        let (dilation, groups) = (self.dilation.0, self.groups);
        let options = |padding| ConvOptions { stride: self.stride.0, padding, dilation, groups };
        match mode {
            None => try_conv2d(x, &self.weight, self.bias.as_deref(), options(pixels)),
            Some(mode) => {
                let [[top, bottom], [left, right]] = pixels;
                let padded = x.pad(Dims::from([left, right, top, bottom]), mode);
                try_conv2d(&padded, &self.weight, self.bias.as_deref(), options([[0; 2]; 2]))
            }
        }
    }

    fn extra_repr(&self) -> String {
        let kernel = Pair(self.kernel());
        let (inputs, outputs) = (self.in_channels(), self.out_channels());
        let mut text = format!("{inputs}, {outputs}, kernel_size={kernel}, stride={}", self.stride);
        match self.padding {
            Padding::Same => text += ", padding=same",
            Padding::Valid => text += ", padding=valid",
            Padding::Pixels(Pair([0, 0])) => {}
            Padding::Pixels(pixels) => text += &format!(", padding={pixels}"),
        }
        if self.dilation != Pair([1, 1]) {
            text += &format!(", dilation={}", self.dilation);
        }
        if self.groups != 1 {
            text += &format!(", groups={}", self.groups);
        }
        if self.bias.is_none() {
            text += ", bias=False";
        }
        match self.padding_mode {
            PaddingMode::Zeros => text,
            mode => text + &format!(", padding_mode={}", format!("{mode:?}").to_lowercase()),
        }
    }
}

#[track_caller]
fn positive(name: &str, pair: Pair) -> Pair {
    if pair.0.contains(&0) {
        raise(ShapeError::new("Conv2d", format!("{name} is {pair}")).help("choose numbers of at least 1"));
    }
    pair
}

impl Forward for Conv2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.try_forward(x).map_err(|error| error.told_by(self.label.describe("Conv2d"))).or_raise()
    }
}
