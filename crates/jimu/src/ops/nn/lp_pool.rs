//! `lp_pool1d` and `lp_pool2d`.

use super::avg_pool2d::try_avg_pool;
use super::pair::{Extent, Pair};
use super::pool_options::AvgPoolOptions;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The power mean of every window, (Σ xᵖ)^(1/p): p = 1 sums, p = ∞ would be the maximum:
/// [`torch.nn.functional.lp_pool1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html). The
/// layer is [`LPPool1d`](crate::nn::LPPool1d).
///
/// # Args
/// - `norm_type`: p.
/// - `kernel_size`, `stride` (by default the window's size), `ceil_mode` (PyTorch's default is no).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l). Output: l' = ⌊(l - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`.
///
/// # Panics
/// If the shape does not fit, or the window is larger than the input.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::lp_pool1d};
/// assert_eq!(lp_pool1d(&Tensor::new([[3.0, 4.0]]), 2.0, 2, None, false).item(), 5.0);
/// ```
#[track_caller]
pub fn lp_pool1d(x: &Tensor, norm_type: f64, kernel_size: usize, stride: Option<usize>, ceil_mode: bool) -> Tensor {
    try_lp_pool(x, norm_type, kernel_size, stride, ceil_mode).or_raise()
}

/// The power mean of every window, (Σ xᵖ)^(1/p): p = 1 sums, p = ∞ would be the maximum:
/// [`torch.nn.functional.lp_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html). The
/// layer is [`LPPool2d`](crate::nn::LPPool2d).
///
/// # Args
/// - `norm_type`: p.
/// - `kernel_size`, `stride` (by default the window's size), `ceil_mode` (PyTorch's default is no).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w). Output: h' = ⌊(h - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Panics
/// If the shape does not fit, or the window is larger than the input.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::lp_pool2d};
/// assert_eq!(lp_pool2d(&Tensor::new([[[1.0, 1.0], [1.0, 1.0]]]), 2.0, 2, None, false).item(), 2.0);
/// ```
#[track_caller]
pub fn lp_pool2d(
    x: &Tensor,
    norm_type: f64,
    kernel_size: impl Into<Pair>,
    stride: Option<Pair>,
    ceil_mode: bool,
) -> Tensor {
    try_lp_pool(x, norm_type, kernel_size.into(), stride, ceil_mode).or_raise()
}

pub(crate) fn try_lp_pool<S: Extent>(
    x: &Tensor,
    norm_type: f64,
    kernel: S,
    stride: Option<S>,
    ceil_mode: bool,
) -> Result<Tensor, ShapeError> {
    let name = if S::DIMENSIONS == 1 { "lp_pool1d" } else { "lp_pool2d" };
    if norm_type == 0.0 {
        return Err(ShapeError::new(name, "norm_type is 0, and there is no root of that order")
            .help("choose another power, such as 2"));
    }
    let options = AvgPoolOptions { stride, ..AvgPoolOptions::new(kernel).ceil_mode(ceil_mode) };
    let mean = try_avg_pool(&x.pow(norm_type), &options).map_err(|error| error.told_by(name))?;
    let pixels: usize = kernel.height_and_width(1).iter().product();
    // A root has no slope at 0: as in PyTorch, no gradient flows there.
    let size = mean.abs().masked_fill(&mean.eq(0), 0.0);
    let sum = mean.sign() * size * pixels as f64;
    Ok(sum.pow(1.0 / norm_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let positive = |shape: &[usize]| variable(shape).abs().detach().requires_grad_();
        check(|x| lp_pool1d(x[0], 1.5, 3, Some(2), true), &[&positive(&[2, 6])]);
        check(|x| lp_pool2d(x[0], 2.0, (2, 1), None, false), &[&positive(&[1, 2, 4, 3])]);
    }

    #[test]
    #[should_panic(expected = "lp_pool2d: a window of 3x3 is larger than the padded input of shape [1, 2, 2]")]
    fn refusal() {
        lp_pool2d(&Tensor::ones([1, 2, 2]), 2.0, 3, None, false);
    }
}
