//! `rms_norm`.

use super::layer_norm::over_last;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

/// Divides each sample by the root of the mean square over its last dimensions:
/// [`torch.nn.functional.rms_norm`](https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html) (Zhang
/// and Sennrich, *Root Mean Square Layer Normalization*, 2019). The layer is [`RMSNorm`](crate::nn::RMSNorm).
///
/// # Args
/// - `normalized_shape`: the sizes of the dimensions that are normalised over, the last of `x`.
/// - `weight`: a factor for each element of `normalized_shape`.
/// - `eps`: what is added to the mean square; `None`, PyTorch's default, is the type's smallest step above 1.
///
/// # Shape
/// - `x`: (*, normalized_shape); `weight`: normalized_shape. Output: as `x`.
///
/// # Panics
/// If the shapes or types do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::rms_norm};
/// let x = Tensor::new([[7.0, -1.0]]); // the mean square is 25
/// assert_eq!(rms_norm(&x, 2, None, 0.0).to_vec::<f32>(), [1.4, -0.2]);
/// ```
#[track_caller]
pub fn rms_norm(
    x: &Tensor,
    normalized_shape: impl Into<Shape>,
    weight: Option<&Tensor>,
    eps: impl Into<Option<f64>>,
) -> Tensor {
    try_rms_norm(x, &normalized_shape.into(), weight, eps.into()).or_raise()
}

pub(crate) fn try_rms_norm(
    x: &Tensor,
    normalized_shape: &Shape,
    weight: Option<&Tensor>,
    eps: Option<f64>,
) -> Result<Tensor, ShapeError> {
    let eps = eps.unwrap_or(match x.dtype() {
        DType::F64 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    });
    over_last("rms_norm", x, normalized_shape, [weight, None], eps, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for (x, over) in [(variable([3, 4]), vec![4]), (variable([2, 2, 3]), vec![2, 3]), (variable([5]), vec![5])] {
            let weight = variable(over.clone());
            check(|i| rms_norm(i[0], over.clone(), Some(i[1]), 0.1), &[&x, &weight]);
            check(|i| rms_norm(i[0], over.clone(), None, None), &[&x]);
        }
    }

    #[test]
    fn shapes_without_values() {
        assert_eq!(rms_norm(&Tensor::empty_meta([2, 3], DType::F32), 3, None, None).size(), [2, 3]);
    }

    #[test]
    #[should_panic(expected = "rms_norm: the weight must have the shape [4] for an input of shape [5, 4], but has [5]")]
    fn refusal() {
        rms_norm(&Tensor::zeros([5, 4]), 4, Some(&Tensor::ones([5])), None);
    }
}
