//! `avg_pool1d`: a pooling of images of height 1.

use super::avg_pool2d::try_avg_pool;
use super::pool_options::AvgPoolOptions;
use crate::error::OrRaise;
use crate::tensor::Tensor;

/// The mean of every window:
/// [`torch.nn.functional.avg_pool1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html). The
/// layer is [`AvgPool1d`](crate::nn::AvgPool1d).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l).
/// - Output: l' = ⌊(l + 2·padding - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`.
///
/// # Panics
/// If the shape or the options do not fit, or the window is larger than the padded input.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{AvgPoolOptions, avg_pool1d};
/// use jimu::Tensor;
/// assert_eq!(avg_pool1d(&Tensor::new([[1.0, 5.0, 2.0, 4.0]]), &AvgPoolOptions::new(2)).to_vec::<f32>(), [3.0, 3.0]);
/// ```
#[track_caller]
pub fn avg_pool1d(x: &Tensor, options: &AvgPoolOptions<usize>) -> Tensor {
    try_avg_pool(x, options).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let options = AvgPoolOptions::new(3).stride(2).padding(1).ceil_mode(true).count_include_pad(false);
        check(|x| avg_pool1d(x[0], &options), &[&variable([2, 2, 6])]);
    }

    #[test]
    #[should_panic(expected = "avg_pool1d: the padding 2 is more than half of the window of 3")]
    fn refusal() {
        avg_pool1d(&Tensor::zeros([4, 9]), &AvgPoolOptions::new(3).padding(2));
    }
}
