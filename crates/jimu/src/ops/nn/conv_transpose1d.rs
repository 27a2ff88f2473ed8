//! `conv_transpose1d`: a transposed convolution of images of height 1.

use super::conv_options::ConvTransposeOptions;
use super::conv_transpose2d::try_conv_transpose;
use crate::error::OrRaise;
use crate::tensor::Tensor;

/// The transposed convolution of signals, plus the bias:
/// [`torch.nn.functional.conv_transpose1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html).
/// The layer is [`ConvTranspose1d`](crate::nn::ConvTranspose1d).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l); `weight`: (c, o / groups, k); `bias`: (o).
/// - Output: (n, o, l') or without n; l' = (l - 1)·stride - 2·padding + dilation·(k - 1) + output_padding + 1.
///
/// # Panics
/// If the shapes, types or options do not fit, or nothing would be left of the output.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{ConvTransposeOptions, conv_transpose1d};
/// use jimu::Tensor;
/// let (x, weight) = (Tensor::new([[[1.0, 2.0]]]), Tensor::new([[[1.0, 10.0]]]));
/// let options = ConvTransposeOptions::new().stride(2);
/// assert_eq!(conv_transpose1d(&x, &weight, None, &options).to_vec::<f32>(), [1.0, 10.0, 2.0, 20.0]);
/// ```
#[track_caller]
pub fn conv_transpose1d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &ConvTransposeOptions<usize>,
) -> Tensor {
    try_conv_transpose("conv_transpose1d", x, weight, bias, options).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let options = ConvTransposeOptions::new().stride(2).padding(1).output_padding(1).groups(2);
        let (x, weight, bias) = (variable([1, 2, 3]), variable([2, 1, 3]), variable([2]));
        check(|i| conv_transpose1d(i[0], i[1], Some(i[2]), &options), &[&x, &weight, &bias]);
    }

    #[test]
    #[should_panic(
        expected = "conv_transpose1d: the input must have 4 channels (in_channels), but has shape [3, 5]: 3 channels"
    )]
    fn refusal() {
        conv_transpose1d(&Tensor::zeros([3, 5]), &Tensor::zeros([4, 2, 3]), None, &ConvTransposeOptions::new());
    }
}
