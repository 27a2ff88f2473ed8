//! `layer_norm`.

use super::normalize::{Sets, check_numbers, normalize};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

/// Normalises each sample over its last dimensions:
/// [`torch.nn.functional.layer_norm`](https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html) (Ba,
/// Kiros and Hinton, *Layer Normalization*, 2016). The layer is [`LayerNorm`](crate::nn::LayerNorm).
///
/// # Args
/// - `normalized_shape`: the sizes of the dimensions that are normalised over, the last of `x`.
/// - `weight`, `bias`: a factor and a summand for each element of `normalized_shape`.
/// - `eps`: what is added to the variance; PyTorch's default is 1e-5.
///
/// # Shape
/// - `x`: (*, normalized_shape); `weight`, `bias`: normalized_shape. Output: as `x`.
///
/// # Panics
/// If the shapes or types do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::layer_norm};
/// let x = Tensor::new([[1.0, 3.0], [10.0, 30.0]]);
/// assert_eq!(layer_norm(&x, 2, None, None, 0.0).to_vec::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
/// ```
#[track_caller]
pub fn layer_norm(
    x: &Tensor,
    normalized_shape: impl Into<Shape>,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Tensor {
    try_layer_norm(x, &normalized_shape.into(), weight, bias, eps).or_raise()
}

pub(crate) fn try_layer_norm(
    x: &Tensor,
    normalized_shape: &Shape,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor, ShapeError> {
    over_last("layer_norm", x, normalized_shape, [weight, bias], eps, true)
}

/// Normalises over the last dimensions of `x`, `over` their sizes.
pub(super) fn over_last(
    name: &str,
    x: &Tensor,
    over: &Shape,
    [weight, bias]: [Option<&Tensor>; 2],
    eps: f64,
    centred: bool,
) -> Result<Tensor, ShapeError> {
    if over.is_empty() || !x.shape().ends_with(over) {
        let problem = format!("the last dimensions of the input must be {over}, but it has shape {}", x.shape());
        return Err(ShapeError::new(name, problem)
            .help("make normalized_shape the last sizes of the input: the features, not the batch"));
    }
    check_numbers(name, x, over, &[("weight", weight), ("bias", bias)])?;
    let batch = x.shape()[..x.dim() - over.len()].iter().product();
    let sets = Sets { batch, groups: 1, channels: over.numel(), inner: 1, over_batch: false, centred };
    let flat = |numbers: Option<&Tensor>| numbers.map(|numbers| numbers.reshape([-1]));
    let (weight, bias) = match over.numel() {
        0 => (None, None),
        _ => (flat(weight), flat(bias)),
    };
    Ok(normalize(x, sets, weight.as_ref(), bias.as_ref(), eps)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for (x, over) in [(variable([3, 4]), vec![4]), (variable([2, 2, 3]), vec![2, 3]), (variable([5]), vec![5])] {
            let (weight, bias) = (variable(over.clone()), variable(over.clone()));
            check(|i| layer_norm(i[0], over.clone(), Some(i[1]), Some(i[2]), 0.1), &[&x, &weight, &bias]);
        }
    }

    #[test]
    fn degenerate_shapes() {
        assert_eq!(layer_norm(&Tensor::zeros([0, 3]), 3, None, None, 1e-5).size(), [0, 3]);
        assert_eq!(layer_norm(&Tensor::zeros([3, 0]), 0, None, None, 1e-5).size(), [3, 0]);
        assert_eq!(layer_norm(&Tensor::new([[7.0]]), 1, None, None, 1e-5).item(), 0.0);
    }

    #[test]
    #[should_panic(expected = "layer_norm: the last dimensions of the input must be [5], but it has shape [5, 4]")]
    fn refusal() {
        layer_norm(&Tensor::zeros([5, 4]), 5, None, None, 1e-5);
    }
}
