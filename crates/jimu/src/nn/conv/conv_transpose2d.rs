//! `ConvTranspose2d`.

use super::super::builders::builders;
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module, Pair};
use super::{draw, steps, transposed_convolution};
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::conv_options::ConvTransposeOptions;
use crate::ops::nn::conv_transpose2d::try_conv_transpose;
use crate::ops::nn::pair::Extent;
use crate::tensor::Tensor;

/// The transposed convolution of images, which takes the shapes of a convolution backwards; also, wrongly, called
/// deconvolution:
/// [`torch.nn.ConvTranspose2d`](https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html) (Zeiler et
/// al., *Deconvolutional Networks*, 2010). It is the gradient of a [`Conv2d`](super::Conv2d) by its input.
///
/// # Args
/// - `in_channels`, `out_channels`, `kernel_size` (a number or a pair).
/// - [`stride`](Self::stride): the distance in the output between the windows of neighbouring inputs, by default 1.
/// - [`padding`](Self::padding): what is cut off around the output, by default 0.
/// - [`output_padding`](Self::output_padding): what is added to the output below and to the right, by default 0.
/// - [`groups`](Self::groups): separate convolutions that the channels are divided among, by default 1.
/// - [`bias`](Self::bias): whether there is a bias, by default yes.
/// - [`dilation`](Self::dilation): the distance between the taps of the kernel, by default 1.
///
/// `padding_mode` can only be zeros, as in PyTorch.
///
/// # Shape
/// - Input: (n, in_channels, h, w) or (in_channels, h, w).
/// - Output: (n, out_channels, h', w') or without n; h' = (h - 1)·stride - 2·padding + dilation·(kernel - 1) + output_padding + 1.
///
/// # Attributes
/// - `weight`: (in_channels, out_channels / groups, kh, kw), from U(-√k', √k') with
///   k' = groups / (out_channels · kernel size).
/// - `bias`: (out_channels), from the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Conv2d, ConvTranspose2d, Forward}};
/// let down = Conv2d::new(16, 16, 3).stride(2).padding(1);
/// let up = ConvTranspose2d::new(16, 16, 3).stride(2).padding(1);
/// let x = Tensor::randn([1, 16, 12, 12]);
/// let y = up.forward_with_output_size(&down.forward(&x), (12, 12));
/// assert_eq!(y.size(), x.size());
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct ConvTranspose2d {
    /// The filters, (in_channels, out_channels / groups, kh, kw).
    pub weight: Parameter,
    /// One number for each output channel.
    pub bias: Option<Parameter>,
    label: Label,
    #[module(skip)]
    options: ConvTransposeOptions,
}

impl ConvTranspose2d {
    /// A layer with random filters.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: impl Into<Pair>) -> Self {
        let [height, width] = kernel_size.into().0;
        let (weight, bias) = draw([in_channels, out_channels, height, width].into(), Some(out_channels));
        Self { weight, bias, label: Label::default(), options: ConvTransposeOptions::new() }
    }

    steps! {
        "ConvTranspose2d":
        /// The distance in the output between the windows of neighbouring inputs.
        stride(impl Into<Pair>);
        /// The distance between neighbouring taps of the kernel.
        dilation(impl Into<Pair>);
    }

    builders! {
        /// Pixels cut off around the output.
        padding(impl Into<Pair>);
        /// Pixels added to the output below and to the right, fewer than the stride or the dilation.
        output_padding(impl Into<Pair>);
    }
}

transposed_convolution!(ConvTranspose2d, impl Into<Pair>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_channels() {
        let layer = ConvTranspose2d::new(4, 6, 3).groups(2).stride(2).output_padding(1);
        assert_eq!(layer.weight.size()[..2], [4, 3]);
        assert_eq!((layer.in_channels(), layer.out_channels()), (4, 6));
        assert!(layer.to_string().contains("output_padding=(1,"));
    }

    #[test]
    #[should_panic(expected = "ConvTranspose2d: the output cannot have the size (4, 7), only from (7, 7) to (8, 8)")]
    fn no_convolution_makes_that_of_it() {
        ConvTranspose2d::new(1, 1, 3).stride(2).forward_with_output_size(&Tensor::zeros([1, 1, 3, 3]), (4, 7));
    }
}
