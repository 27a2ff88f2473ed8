//! `cosine_embedding_loss`.

use super::loss::Reduction;
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// Added to the squared norms, so that none is divided by 0.
const EPSILON: f64 = 1e-12;

/// 1 - cos(x₁, x₂) where the target is 1, max(0, cos(x₁, x₂) - `margin`) where it is -1:
/// [`torch.nn.functional.cosine_embedding_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html).
///
/// # Args
/// - `margin`: the cosine below which unlike pairs cost nothing, 0 in PyTorch unless given.
///
/// # Shape
/// `x1`, `x2`: (n, d) with a target (n), or (d) with a 0-d target.
///
/// # Panics
/// If the shapes do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, cosine_embedding_loss}};
/// let (a, b) = (Tensor::new([[1.0, 0.0], [1.0, 0.0]]), Tensor::new([[0.0, 1.0], [1.0, 0.0]]));
/// let losses = cosine_embedding_loss(&a, &b, &Tensor::new([1.0, -1.0]), 0.0, Reduction::None);
/// assert_eq!(losses.to_vec::<f32>(), [1.0, 1.0]);
/// ```
#[track_caller]
pub fn cosine_embedding_loss(x1: &Tensor, x2: &Tensor, target: &Tensor, margin: f64, reduction: Reduction) -> Tensor {
    let fits = target.dim() <= 1 && x1.dim() == target.dim() + 1 && x2.dim() == target.dim() + 1;
    if !fits {
        let problem = format!(
            "inputs of shapes {} and {} do not fit a target of shape {}",
            x1.shape(),
            x2.shape(),
            target.shape()
        );
        let help = "give inputs [n, d] with a target [n], or [d] with a 0-d target";
        raise(ShapeError::new("cosine_embedding_loss", problem).help(help));
    }
    let dot = |a: &Tensor, b: &Tensor| (a * b).sum_dim(-1, false);
    let cosine = dot(x1, x2) / ((dot(x1, x1) + EPSILON) * (dot(x2, x2) + EPSILON)).sqrt();
    let alike = target.eq(1.0).where_(&(1.0 - &cosine), 0.0);
    let unlike = target.eq(-1.0).where_(&(cosine - margin).clamp_min(0.0), 0.0);
    reduction.apply(alike + unlike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let target = Tensor::new([1.0, -1.0, -1.0]).to(crate::DType::F64);
        let f = |x: &[&Tensor]| cosine_embedding_loss(x[0], x[1], &target, -0.9, Reduction::Mean);
        check(f, &[&variable([3, 4]), &variable([3, 4])]);
        let f = |x: &[&Tensor]| cosine_embedding_loss(x[0], x[1], &Tensor::new(1), 0.0, Reduction::None);
        check(f, &[&variable([4]), &variable([4])]);
    }

    #[test]
    #[should_panic(
        expected = "cosine_embedding_loss: inputs of shapes [4, 2] and [4, 2] do not fit a target of shape []"
    )]
    fn refusal() {
        let zeros = Tensor::zeros([4, 2]);
        cosine_embedding_loss(&zeros, &zeros, &Tensor::new(1.0), 0.0, Reduction::Mean);
    }
}
