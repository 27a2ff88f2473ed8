//! `pairwise_distance`.

use crate::tensor::Tensor;

/// The p-norm of `x1` - `x2` + `eps` over the last dimension:
/// [`torch.nn.functional.pairwise_distance`](https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html).
///
/// # Args
/// - `p`: the degree of the norm, 2 in PyTorch unless given.
/// - `eps`: keeps the gradient finite where the inputs are equal, 1e-6 in PyTorch unless given.
/// - `keepdim`: whether the last dimension stays, with size 1.
///
/// # Shape
/// Two that can be broadcast, (*, d); the result is (*), or (*, 1).
///
/// # Panics
/// If the shapes cannot be broadcast.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let (a, b) = (Tensor::new([[3.0, 0.0]]), Tensor::new([[0.0, 4.0]]));
/// assert!((F::pairwise_distance(&a, &b, 2.0, 1e-6, false).item() - 5.0).abs() < 1e-5);
/// ```
#[track_caller]
pub fn pairwise_distance(x1: &Tensor, x2: &Tensor, p: f64, eps: f64, keepdim: bool) -> Tensor {
    (x1 - x2 + eps).norm_dim(p, -1, keepdim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for p in [1.0, 2.0, 3.0] {
            check(|x| pairwise_distance(x[0], x[1], p, 1e-6, true), &[&variable([3, 4]), &variable([4])]);
        }
    }
}
