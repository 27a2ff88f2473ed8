//! `Conv2d`.

use jimu_kernels::conv2d::Activation;

use super::super::builders::builders;
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module, Pair};
use super::{PaddingMode, convolution, draw, steps};
use crate::error::OrRaise;
use crate::ops::nn::conv_options::{ConvOptions, Padding};
use crate::ops::nn::conv2d_max_pool2d::try_conv_max_pool2d_relu;
use crate::tensor::Tensor;

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
    options: ConvOptions,
    #[module(skip)]
    padding_mode: PaddingMode,
}

impl Conv2d {
    /// A layer with random filters.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: impl Into<Pair>) -> Self {
        let [height, width] = kernel_size.into().0;
        let (weight, bias) = draw([out_channels, in_channels, height, width].into(), Some(out_channels));
        let (options, padding_mode) = (ConvOptions::new(), PaddingMode::Zeros);
        Self { weight, bias, label: Label::default(), options, padding_mode }
    }

    steps! {
        "Conv2d":
        /// The distance between neighbouring windows.
        stride(impl Into<Pair>);
        /// The distance between neighbouring taps of the kernel.
        dilation(impl Into<Pair>);
    }

    builders! {
        /// Pixels around the input, `"same"` or `"valid"`.
        padding(impl Into<Padding>);
    }
}

convolution!(
    Conv2d,
    #[track_caller]
    fn forward_max_pool2d_relu(&self, x: &Tensor) -> Option<Tensor> {
        let _scope = self.label.enter();
        super::padded("Conv2d", x, &self.weight, &self.options, self.padding_mode)
            .and_then(|(x, options)| {
                try_conv_max_pool2d_relu("Conv2d", &x, &self.weight, self.bias.as_deref(), &options)
            })
            .map_err(|error| error.told_by(self.label.describe("Conv2d")))
            .or_raise()
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_printed_as_pytorch_does() {
        let layer = Conv2d::new(4, 6, (3, 5)).stride((2, 1)).padding("valid").dilation(2).groups(2).bias(false);
        assert_eq!(
            layer.padding_mode(PaddingMode::Reflect).to_string(),
            "Conv2d(4, 6, kernel_size=(3, 5), stride=(2, 1), padding=valid, dilation=(2, 2), groups=2, bias=False, \
             padding_mode=reflect)"
        );
    }

    #[derive(Module)]
    struct Net {
        conv1: Conv2d,
    }

    #[test]
    #[should_panic(
        expected = "Net.conv1 (Conv2d): a kernel of 5x5 is larger than the padded input of shape [2, 3, 4, 4]"
    )]
    fn the_error_names_the_layer() {
        let net = Net { conv1: Conv2d::new(3, 8, 5) };
        net.train();
        net.conv1.forward(&Tensor::zeros([2, 3, 4, 4]));
    }

    #[test]
    #[should_panic(
        expected = "Conv2d: a padding of (3, 3) in dimension 2 of a tensor of shape [1, 3, 3] asks for elements"
    )]
    fn reflection_needs_an_image() {
        Conv2d::new(1, 1, 3).padding(3).padding_mode(PaddingMode::Reflect).forward(&Tensor::zeros([1, 3, 3]));
    }

    #[test]
    #[should_panic(expected = "Conv2d: 3 input and 4 output channels do not divide into 2 groups")]
    fn groups_divide_the_channels() {
        Conv2d::new(3, 4, 1).groups(2);
    }
}
