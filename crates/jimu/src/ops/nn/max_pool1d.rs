//! `max_pool1d`: a pooling of images of height 1.

use jimu_kernels::conv2d::Activation;

use super::max_pool2d::try_max_pool;
use super::pool_options::MaxPoolOptions;
use crate::error::OrRaise;
use crate::tensor::Tensor;

/// The largest number of every window:
/// [`torch.nn.functional.max_pool1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html). The
/// layer is [`MaxPool1d`](crate::nn::MaxPool1d).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l).
/// - Output: l' = ⌊(l + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`.
///
/// # Panics
/// If the shape or the options do not fit, or the window is larger than the padded input.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{MaxPoolOptions, max_pool1d};
/// use jimu::Tensor;
/// assert_eq!(max_pool1d(&Tensor::new([[1.0, 5.0, 2.0, 3.0]]), &MaxPoolOptions::new(2)).to_vec::<f32>(), [5.0, 3.0]);
/// ```
#[track_caller]
pub fn max_pool1d(x: &Tensor, options: &MaxPoolOptions<usize>) -> Tensor {
    try_max_pool(x, options, Activation::Identity, false).or_raise().0
}

/// [`max_pool1d`] and the position of each maximum: `return_indices=True`.
///
/// # Panics
/// As [`max_pool1d`].
///
/// # Examples
/// ```
/// use jimu::nn::functional::{MaxPoolOptions, max_pool1d_with_indices};
/// use jimu::Tensor;
/// let (_, indices) = max_pool1d_with_indices(&Tensor::new([[1.0, 5.0, 2.0, 3.0]]), &MaxPoolOptions::new(2));
/// assert_eq!(indices.to_vec::<i64>(), [1, 3]);
/// ```
#[track_caller]
pub fn max_pool1d_with_indices(x: &Tensor, options: &MaxPoolOptions<usize>) -> (Tensor, Tensor) {
    let (values, indices) = try_max_pool(x, options, Activation::Identity, true).or_raise();
    (values, indices.expect("indices were asked for"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let options = MaxPoolOptions::new(3).stride(2).padding(1).dilation(2).ceil_mode(true);
        check(|x| max_pool1d(x[0], &options), &[&variable([2, 2, 8])]);
    }

    #[test]
    #[should_panic(expected = "max_pool1d: a window of 3 is larger than the padded input of shape [4, 2]")]
    fn refusal() {
        max_pool1d(&Tensor::zeros([4, 2]), &MaxPoolOptions::new(3));
    }
}
