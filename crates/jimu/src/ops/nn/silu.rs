//! `silu`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Silu;

impl Curve for Silu {
    const NAME: &'static str = "silu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x * x.sigmoid()
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let s = x.sigmoid();
        grad * s * (F::ONE + x * (F::ONE - s))
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let s = x.sigmoid();
        Some(&s * (1.0 - &s) * (x * (1.0 - &s * 2.0) + 2.0))
    }
}

/// x · sigmoid(x), also known as swish:
/// [`torch.nn.functional.silu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.silu.html), from
/// [Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415).
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// assert_eq!(F::silu(&Tensor::new([0.0, 100.0])).to_vec::<f32>(), [0.0, 100.0]);
/// ```
#[track_caller]
pub fn silu(x: &Tensor) -> Tensor {
    apply_activation(Silu, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| silu(x), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
