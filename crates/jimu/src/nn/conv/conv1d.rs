//! `Conv1d`.

use jimu_kernels::conv2d::Activation;

use super::super::builders::builders;
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module};
use super::{PaddingMode, convolution, draw, steps};
use crate::error::OrRaise;
use crate::ops::nn::conv_options::{ConvOptions, Padding};
use crate::tensor::Tensor;

/// The cross-correlation of signals with learnt filters:
/// [`torch.nn.Conv1d`](https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html).
///
/// out\[n, o\] = bias\[o\] + Σ_c weight\[o, c\] ⋆ input\[n, c\], where ⋆ is cross-correlation.
///
/// # Args
/// - `in_channels`, `out_channels`, `kernel_size`.
/// - [`stride`](Self::stride): the distance between windows, by default 1.
/// - [`padding`](Self::padding): elements at both ends of the input, `"same"` or `"valid"`, by default 0.
/// - [`dilation`](Self::dilation): the distance between the taps of the kernel, by default 1.
/// - [`groups`](Self::groups): separate convolutions that the channels are divided among, by default 1.
/// - [`bias`](Self::bias): whether there is a bias, by default yes.
/// - [`padding_mode`](Self::padding_mode): what is put at the ends of the input, by default zeros.
///
/// # Shape
/// - Input: (n, in_channels, l) or (in_channels, l).
/// - Output: (n, out_channels, l') or without n; l' = ⌊(l + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1.
///
/// # Attributes
/// - `weight`: (out_channels, in_channels / groups, k), from U(-√k', √k') with k' = groups / (in_channels·k).
/// - `bias`: (out_channels), from the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Conv1d, Forward}};
/// let layer = Conv1d::new(16, 33, 3).stride(2);
/// assert_eq!(layer.forward(&Tensor::randn([20, 16, 50])).size(), [20, 33, 24]);
/// assert_eq!(layer.to_string(), "Conv1d(16, 33, kernel_size=(3,), stride=(2,))");
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Conv1d {
    /// The filters, (out_channels, in_channels / groups, k).
    pub weight: Parameter,
    /// One number for each output channel.
    pub bias: Option<Parameter>,
    label: Label,
    #[module(skip)]
    options: ConvOptions<usize>,
    #[module(skip)]
    padding_mode: PaddingMode,
}

impl Conv1d {
    /// A layer with random filters.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: usize) -> Self {
        let (weight, bias) = draw([out_channels, in_channels, kernel_size].into(), Some(out_channels));
        let (options, padding_mode) = (ConvOptions::new(), PaddingMode::Zeros);
        Self { weight, bias, label: Label::default(), options, padding_mode }
    }

    steps! {
        "Conv1d":
        /// The distance between neighbouring windows.
        stride(usize);
        /// The distance between neighbouring taps of the kernel.
        dilation(usize);
    }

    builders! {
        /// Elements at both ends of the input, `"same"` or `"valid"`.
        padding(impl Into<Padding<usize>>);
    }
}

convolution!(Conv1d);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_modes_take_what_they_say() {
        let layer = Conv1d::new(1, 1, 3).padding("same").bias(false);
        crate::no_grad(|| layer.weight.copy_(&Tensor::new([[[1.0, 0.0, 0.0]]])));
        let x = Tensor::new([[1.0, 2.0, 3.0]]);
        let shifted = |mode| layer.clone().padding_mode(mode).forward(&x).to_vec::<f32>();
        assert_eq!(shifted(PaddingMode::Zeros), [0.0, 1.0, 2.0]);
        assert_eq!(shifted(PaddingMode::Reflect), [2.0, 1.0, 2.0]);
        assert_eq!(shifted(PaddingMode::Replicate), [1.0, 1.0, 2.0]);
        assert_eq!(shifted(PaddingMode::Circular), [3.0, 1.0, 2.0]);
    }

    #[test]
    #[should_panic(expected = "Conv1d: the input must have the shape [batch, channels, length]")]
    fn refusal() {
        Conv1d::new(3, 4, 1).forward(&Tensor::zeros([1, 3, 4, 4]));
    }
}
