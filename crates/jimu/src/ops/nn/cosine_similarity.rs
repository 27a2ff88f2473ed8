//! `cosine_similarity`.

use crate::error::OrRaise;
use crate::tensor::{Tensor, broadcast_shapes};

/// The cosine of the angle between vectors, x₁·x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε)):
/// [`torch.nn.functional.cosine_similarity`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html).
///
/// # Args
/// - `dim`: the dimension of the vectors, 1 in PyTorch unless given.
/// - `eps`: the least norm that is divided by, 1e-8 in PyTorch unless given.
///
/// # Shape
/// Two that can be broadcast; the result has their shape without dimension `dim`.
///
/// # Panics
/// If the shapes cannot be broadcast, or there is no such dimension.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let (a, b) = (Tensor::new([[1.0, 0.0]]), Tensor::new([[2.0, 2.0]]));
/// assert!((F::cosine_similarity(&a, &b, 1, 1e-8).item() - 0.5f64.sqrt()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn cosine_similarity(x1: &Tensor, x2: &Tensor, dim: isize, eps: f64) -> Tensor {
    // Broadcast first: a dimension counts from the end of the shape that both have in the end.
    let like = broadcast_shapes(x1.shape(), x2.shape(), "cosine_similarity").or_raise();
    let unit = |x: &Tensor| {
        let x = x.expand(&like);
        let norm = x.norm_dim(2.0, dim, true).clamp_min(eps);
        x / norm
    };
    (unit(x1) * unit(x2)).sum_dim(dim, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| cosine_similarity(x[0], x[1], -1, 1e-8), &[&variable([2, 1, 3]), &variable([2, 3])]);
        check(|x| cosine_similarity(x[0], x[1], 0, 0.5), &[&variable([4]), &variable([4])]);
    }

    #[test]
    fn a_vector_of_zeros_is_like_none() {
        assert_eq!(cosine_similarity(&Tensor::zeros([1, 3]), &Tensor::ones([1, 3]), 1, 1e-8).item(), 0.0);
    }
}
