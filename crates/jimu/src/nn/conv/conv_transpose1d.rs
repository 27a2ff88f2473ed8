//! `ConvTranspose1d`.

use super::super::builders::builders;
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module};
use super::{draw, steps, transposed_convolution};
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::conv_options::ConvTransposeOptions;
use crate::ops::nn::conv_transpose2d::try_conv_transpose;
use crate::ops::nn::pair::Extent;
use crate::tensor::Tensor;

/// The transposed convolution of signals, which takes the shapes of a convolution backwards; also, wrongly, called
/// deconvolution:
/// [`torch.nn.ConvTranspose1d`](https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html) (Zeiler et
/// al., *Deconvolutional Networks*, 2010). It is the gradient of a [`Conv1d`](super::Conv1d) by its input.
///
/// # Args
/// - `in_channels`, `out_channels`, `kernel_size`.
/// - [`stride`](Self::stride): the distance in the output between the windows of neighbouring inputs, by default 1.
/// - [`padding`](Self::padding): what is cut off at both ends of the output, by default 0.
/// - [`output_padding`](Self::output_padding): what is added to the output at its end, by default 0.
/// - [`groups`](Self::groups): separate convolutions that the channels are divided among, by default 1.
/// - [`bias`](Self::bias): whether there is a bias, by default yes.
/// - [`dilation`](Self::dilation): the distance between the taps of the kernel, by default 1.
///
/// `padding_mode` can only be zeros, as in PyTorch.
///
/// # Shape
/// - Input: (n, in_channels, l) or (in_channels, l).
/// - Output: (n, out_channels, l') or without n; l' = (l - 1)·stride - 2·padding + dilation·(kernel - 1) + output_padding + 1.
///
/// # Attributes
/// - `weight`: (in_channels, out_channels / groups, k), from U(-√k', √k') with
///   k' = groups / (out_channels · kernel size).
/// - `bias`: (out_channels), from the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Conv1d, ConvTranspose1d, Forward}};
/// let up = ConvTranspose1d::new(16, 33, 3).stride(2);
/// let x = Tensor::randn([20, 16, 50]);
/// assert_eq!(up.forward(&x).size(), [20, 33, 101]);
/// assert_eq!(up.forward_with_output_size(&x, 102).size(), [20, 33, 102]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct ConvTranspose1d {
    /// The filters, (in_channels, out_channels / groups, k).
    pub weight: Parameter,
    /// One number for each output channel.
    pub bias: Option<Parameter>,
    label: Label,
    #[module(skip)]
    options: ConvTransposeOptions<usize>,
}

impl ConvTranspose1d {
    /// A layer with random filters.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: usize) -> Self {
        let (weight, bias) = draw([in_channels, out_channels, kernel_size].into(), Some(out_channels));
        Self { weight, bias, label: Label::default(), options: ConvTransposeOptions::new() }
    }

    steps! {
        "ConvTranspose1d":
        /// The distance in the output between the windows of neighbouring inputs.
        stride(usize);
        /// The distance between neighbouring taps of the kernel.
        dilation(usize);
    }

    builders! {
        /// Elements cut off at both ends of the output.
        padding(usize);
        /// Elements added to the output at its end, fewer than the stride or the dilation.
        output_padding(usize);
    }
}

transposed_convolution!(ConvTranspose1d, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_channels() {
        let layer = ConvTranspose1d::new(4, 6, 3).groups(2).stride(2).output_padding(1);
        assert_eq!(layer.weight.size()[..2], [4, 3]);
        assert_eq!((layer.in_channels(), layer.out_channels()), (4, 6));
        assert!(layer.to_string().contains("output_padding=(1,"));
    }

    #[test]
    #[should_panic(expected = "ConvTranspose1d: the output cannot have the size 4, only from 7 to 8")]
    fn no_convolution_makes_that_of_it() {
        ConvTranspose1d::new(1, 1, 3).stride(2).forward_with_output_size(&Tensor::zeros([1, 1, 3]), 4);
    }
}
