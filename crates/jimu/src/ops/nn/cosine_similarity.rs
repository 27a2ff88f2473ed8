//! `cosine_similarity`.

use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::prepare;
use crate::tensor::Tensor;

/// The cosine of the angle between the vectors that lie along dimension `dim`, a·b / (|a| |b|):
/// [`torch.nn.functional.cosine_similarity`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html).
///
/// # Args
/// - `dim`: a dimension of the common shape, 1 in PyTorch unless given; it goes.
/// - `eps`: the least length that is divided by, 1e-8 in PyTorch unless given.
///
/// # Shape
/// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has that
/// shape without `dim`.
///
/// # Panics
/// If the shapes cannot be broadcast, there is no such dimension, or no elements are real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let (a, b) = (Tensor::new([[1.0, 0.0], [3.0, 4.0]]), Tensor::new([0.0, 2.0]));
/// assert_eq!(F::cosine_similarity(&a, &b, 1, 1e-8).to_vec::<f32>(), [0.0, 0.8]);
/// ```
#[track_caller]
pub fn cosine_similarity(a: &Tensor, b: &Tensor, dim: isize, eps: f64) -> Tensor {
    let dtype = a.dtype().promote(b.dtype());
    if !dtype.is_floating_point() {
        crate::error::raise(
            ShapeError::new("cosine_similarity", format!("angles are real, but the elements are {dtype}"))
                .help("convert them with x.to(DType::F32) first"),
        );
    }
    let (a, b) = prepare("cosine_similarity", a, b, dtype).or_raise();
    (unit(&a, dim, eps) * unit(&b, dim, eps)).sum_dim(dim, false)
}

/// `x` over its length, or over `eps` if that is larger. The derivative is that of the length in either case, as
/// PyTorch has it.
#[track_caller]
fn unit(x: &Tensor, dim: isize, eps: f64) -> Tensor {
    let length = x.norm_dim(2, dim, true);
    let missing = (eps - length.detach()).clamp_min(0.0);
    x / (length + missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| cosine_similarity(x[0], x[1], 1, 1e-8), &[&variable([2, 3]), &variable([2, 3])]);
        check(|x| cosine_similarity(x[0], x[1], -2, 1e-8), &[&variable([2, 3, 1]), &variable([3, 2])]);
    }

    #[test]
    fn a_vector_of_no_length_is_at_right_angles_to_all() {
        let x = Tensor::zeros([3]).requires_grad_();
        let similarity = cosine_similarity(&x, &Tensor::ones([3]), 0, 1e-8);
        similarity.backward();
        assert_eq!(similarity.item(), 0.0);
        assert!(x.grad().unwrap().isfinite().all().item() == 1.0);
    }

    #[test]
    #[should_panic(expected = "cosine_similarity: angles are real, but the elements are int64")]
    fn refusal() {
        cosine_similarity(&Tensor::new([1, 2]), &Tensor::new([1, 2]), 0, 1e-8);
    }
}
