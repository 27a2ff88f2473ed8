//! `normalize`: vectors of length 1.

use crate::tensor::{Dims, Scalar, Tensor};

/// Every vector along the dimensions `dims` divided by its p-norm, or by `eps` if that is larger:
/// [`torch.nn.functional.normalize`](https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html).
///
/// # Args
/// - `p`: the exponent of the [norm](Tensor::norm), 2 in PyTorch unless given.
/// - `dims`: one dimension, 1 in PyTorch unless given, or several.
/// - `eps`: the least divisor, 1e-12 in PyTorch unless given.
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If there is no such dimension, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let x = Tensor::new([[3.0, 4.0], [0.0, 0.0]]);
/// assert_eq!(F::normalize(&x, 2, 1, 1e-12).to_vec::<f32>(), [0.6, 0.8, 0.0, 0.0]);
/// ```
#[track_caller]
pub fn normalize(x: &Tensor, p: impl Into<Scalar>, dims: impl Into<Dims>, eps: f64) -> Tensor {
    x / x.norm_dim(p, dims, true).clamp_min(eps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for p in [1.0, 2.0, 3.0, f64::INFINITY] {
            check(|x| normalize(x[0], p, 1, 1e-12), &[&variable([2, 3])]);
        }
        check(|x| normalize(x[0], 2, [0, 2], 100.0), &[&variable([2, 3, 2])]);
    }
}
