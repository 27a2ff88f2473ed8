//! `conv1d`: a convolution of images of height 1.

use jimu_kernels::conv2d::Activation;

use super::conv_options::ConvOptions;
use super::conv2d::try_conv;
use crate::error::OrRaise;
use crate::tensor::Tensor;

/// The cross-correlation of signals with each filter, plus the bias:
/// [`torch.nn.functional.conv1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html). The layer
/// is [`Conv1d`](crate::nn::Conv1d).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l); `weight`: (o, c / groups, k); `bias`: (o).
/// - Output: (n, o, l') or without n; l' = ⌊(l + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1.
///
/// # Panics
/// If the shapes, types or options do not fit, or the kernel is larger than the padded input.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{ConvOptions, conv1d};
/// use jimu::Tensor;
/// let (x, weight) = (Tensor::new([[[1.0, 2.0, 3.0]]]), Tensor::new([[[1.0, 10.0]]]));
/// let options = ConvOptions::new().padding("same");
/// assert_eq!(conv1d(&x, &weight, None, &options).to_vec::<f32>(), [21.0, 32.0, 3.0]);
/// ```
#[track_caller]
pub fn conv1d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: &ConvOptions<usize>) -> Tensor {
    try_conv("conv1d", x, weight, bias, options, Activation::Identity).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let options = ConvOptions::new().stride(2).padding(1).dilation(2).groups(2);
        let (x, weight, bias) = (variable([2, 2, 7]), variable([4, 1, 3]), variable([4]));
        check(|i| conv1d(i[0], i[1], Some(i[2]), &options), &[&x, &weight, &bias]);
    }

    #[test]
    fn a_signal_needs_no_batch() {
        let y = conv1d(&Tensor::ones([2, 5]), &Tensor::ones([3, 2, 2]), None, &ConvOptions::new());
        assert_eq!((y.size(), y.max().item()), ([3, 4].into(), 4.0));
    }

    #[test]
    #[should_panic(
        expected = "conv1d: the input must have the shape [batch, channels, length] or [channels, length], but has [2, 3, 4, 5]"
    )]
    fn images_are_refused() {
        conv1d(&Tensor::zeros([2, 3, 4, 5]), &Tensor::zeros([3, 3, 2]), None, &ConvOptions::new());
    }

    #[test]
    #[should_panic(expected = "conv1d: a kernel of 7 is larger than the padded input of shape [2, 3, 4]")]
    fn a_kernel_beyond_the_signal_is_refused() {
        conv1d(&Tensor::zeros([2, 3, 4]), &Tensor::zeros([3, 3, 7]), None, &ConvOptions::new());
    }
}
