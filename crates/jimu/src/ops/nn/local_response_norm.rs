//! `local_response_norm`.

use super::avg_pool2d::try_avg_pool;
use super::pair::Pair;
use super::pool_options::AvgPoolOptions;
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::PadMode;
use crate::tensor::Tensor;

/// Divides each channel by a power of the mean square of its neighbours:
/// [`torch.nn.functional.local_response_norm`](https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html)
/// (Krizhevsky, Sutskever and Hinton, *ImageNet Classification with Deep Convolutional Neural Networks*, 2012). The layer
/// is [`LocalResponseNorm`](crate::nn::LocalResponseNorm).
///
/// y\[c\] = x\[c\] / (k + alpha / size · Σ x\[c'\]²)^beta, over the `size` channels c' around c, from
/// c - ⌊size / 2⌋ to c + ⌊(size - 1) / 2⌋.
///
/// # Args
/// - `size`: how many channels; `alpha`, `beta`, `k`: PyTorch's defaults are 1e-4, 0.75 and 1.
///
/// # Shape
/// - `x`: (n, c, *), with at least one further dimension. Output: the same.
///
/// # Panics
/// If there are fewer than three dimensions, the elements are not real numbers, or `size` is 0.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::local_response_norm};
/// let x = Tensor::new([[[1.0], [2.0]]]);
/// assert_eq!(local_response_norm(&x, 1, 1.0, 1.0, 0.0).to_vec::<f32>(), [1.0, 0.5]);
/// ```
#[track_caller]
pub fn local_response_norm(x: &Tensor, size: usize, alpha: f64, beta: f64, k: f64) -> Tensor {
    try_local_response_norm(x, size, alpha, beta, k).or_raise()
}

pub(crate) fn try_local_response_norm(
    x: &Tensor,
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
) -> Result<Tensor, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("local_response_norm", problem).help(help));
    if x.dim() < 3 {
        return refuse(
            format!("the input must have the shape [batch, channels, length, …], but has {}", x.shape()),
            "unsqueeze or reshape it",
        );
    }
    if !x.dtype().is_floating_point() {
        return refuse(format!("the input is {}", x.dtype()), "convert it with x.to(DType::F32)");
    }
    if size == 0 {
        return refuse("size is 0".to_owned(), "choose at least 1 channel");
    }
    if x.numel() == 0 {
        return Ok(x.clone());
    }
    // The channels of a sample are the rows of an image, over which a window of `size` rows slides.
    let (batch, channels) = (x.shape()[0], x.shape()[1]);
    let squares = (x * x).reshape([batch as isize, 1, channels as isize, -1]);
    let padded = squares.pad([0, 0, size / 2, (size - 1) / 2], PadMode::Constant(0.0));
    let means = try_avg_pool(&padded, &AvgPoolOptions::<Pair>::new((size, 1)).stride(1))?;
    Ok(x / (means.reshape(x.size()) * alpha + k).pow(beta))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| local_response_norm(x[0], 3, 0.5, 0.75, 1.0), &[&variable([2, 4, 2])]);
        check(|x| local_response_norm(x[0], 2, 0.5, 0.75, 2.0), &[&variable([1, 3, 2, 2])]);
    }

    #[test]
    fn the_window_is_cut_at_the_edges() {
        let x = Tensor::new([[[1.0], [2.0], [4.0]]]);
        let y = local_response_norm(&x, 2, 2.0, 1.0, 0.0).to_vec::<f32>();
        assert_eq!(y, [1.0, 2.0 / 5.0, 4.0 / 20.0]);
    }

    #[test]
    #[should_panic(
        expected = "local_response_norm: the input must have the shape [batch, channels, length, …], but has [2, 3]"
    )]
    fn refusal() {
        local_response_norm(&Tensor::zeros([2, 3]), 2, 1e-4, 0.75, 1.0);
    }
}
