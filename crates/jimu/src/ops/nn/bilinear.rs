//! `bilinear`.

use super::super::linalg::linear::try_linear;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The products of all pairs of features, once through a linear layer.
pub(crate) fn try_bilinear(
    x1: &Tensor,
    x2: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor, ShapeError> {
    let (first, second) = (x1.shape(), x2.shape());
    if weight.dim() != 3 {
        let problem = format!("the weight must have the shape [out, in1, in2], but has {}", weight.shape());
        return Err(ShapeError::new("bilinear", problem));
    }
    let (in1, in2) = (weight.shape()[1], weight.shape()[2]);
    let fits = first.last() == Some(&in1) && second.last() == Some(&in2);
    if !fits || first[..first.len() - 1] != second[..second.len() - 1] {
        let problem = format!("inputs of shapes {first} and {second} do not fit [*, {in1}] and [*, {in2}]");
        return Err(ShapeError::new("bilinear", problem)
            .help("the last dimensions are in1_features and in2_features; all others are equal"));
    }
    let pairs = (x1.unsqueeze(-1) * x2.unsqueeze(-2)).flatten(-2..);
    try_linear(&pairs, &weight.flatten(1..), bias).map_err(|error| error.told_by("bilinear"))
}

/// y\[o\] = x₁ᵀ W\[o\] x₂ + b\[o\] over the last dimensions:
/// [`torch.nn.functional.bilinear`](https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html).
///
/// # Shape
/// - `x1`: (*, in1); `x2`: (*, in2), with equal leading dimensions.
/// - `weight`: (out, in1, in2); `bias`: (out), or none. Output: (*, out).
///
/// # Panics
/// If the shapes do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let (x1, x2) = (Tensor::new([1.0, 2.0]), Tensor::new([3.0, 4.0]));
/// let weight = Tensor::eye(2).unsqueeze(0);
/// assert_eq!(F::bilinear(&x1, &x2, &weight, None).to_vec::<f32>(), [1.0 * 3.0 + 2.0 * 4.0]);
/// ```
#[track_caller]
pub fn bilinear(x1: &Tensor, x2: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    try_bilinear(x1, x2, weight, bias).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let inputs = [&variable([2, 2]), &variable([2, 3]), &variable([4, 2, 3]), &variable([4])];
        check(|x| bilinear(x[0], x[1], x[2], Some(x[3])), &inputs);
    }

    #[test]
    #[should_panic(expected = "bilinear: inputs of shapes [8, 2] and [7, 3] do not fit [*, 2] and [*, 3]")]
    fn refusal() {
        bilinear(&Tensor::zeros([8, 2]), &Tensor::zeros([7, 3]), &Tensor::zeros([4, 2, 3]), None);
    }
}
