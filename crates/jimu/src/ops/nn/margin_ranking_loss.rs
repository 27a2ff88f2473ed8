//! `margin_ranking_loss`.

use super::loss::Reduction;
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// max(0, -y (x₁ - x₂) + `margin`): x₁ is to rank above x₂ where y is 1, below where it is -1:
/// [`torch.nn.functional.margin_ranking_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html).
///
/// # Args
/// - `margin`: how far apart they are to be, 0 in PyTorch unless given.
///
/// # Shape
/// Three with equally many dimensions that can be broadcast.
///
/// # Panics
/// If the shapes do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, margin_ranking_loss}};
/// let (x1, x2, y) = (Tensor::new([1.0, 1.0]), Tensor::new([3.0, 0.0]), Tensor::new([1.0, 1.0]));
/// assert_eq!(margin_ranking_loss(&x1, &x2, &y, 0.0, Reduction::None).to_vec::<f32>(), [2.0, 0.0]);
/// ```
#[track_caller]
pub fn margin_ranking_loss(x1: &Tensor, x2: &Tensor, target: &Tensor, margin: f64, reduction: Reduction) -> Tensor {
    if x1.dim() != x2.dim() || x1.dim() != target.dim() {
        let problem = format!(
            "inputs of shapes {} and {} do not fit a target of shape {}",
            x1.shape(),
            x2.shape(),
            target.shape()
        );
        raise(ShapeError::new("margin_ranking_loss", problem).help("give all three equally many dimensions"));
    }
    reduction.apply((-target * (x1 - x2) + margin).clamp_min(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let target = Tensor::new([1.0, -1.0, 1.0, -1.0]).to(crate::DType::F64);
        check(|x| margin_ranking_loss(x[0], x[1], &target, 0.2, Reduction::Mean), &[&variable([4]), &variable([4])]);
    }

    #[test]
    #[should_panic(
        expected = "margin_ranking_loss: inputs of shapes [4, 1] and [4, 1] do not fit a target of shape [4]"
    )]
    fn refusal() {
        let zeros = Tensor::zeros([4, 1]);
        margin_ranking_loss(&zeros, &zeros, &Tensor::zeros([4]), 0.0, Reduction::Mean);
    }
}
