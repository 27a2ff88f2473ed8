//! `softplus`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Softplus {
    beta: f64,
    threshold: f64,
}

impl Curve for Softplus {
    const NAME: &'static str = "softplus";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let scaled = x * F::of(self.beta);
        let value = scaled.exp().ln_1p() / F::of(self.beta);
        if scaled > F::of(self.threshold) { x } else { value }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let scaled = x * F::of(self.beta);
        if scaled > F::of(self.threshold) { grad } else { grad * scaled.sigmoid() }
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let s = (x * self.beta).sigmoid();
        Some((x * self.beta).gt(self.threshold).where_(0.0, &(&s * (1.0 - &s) * self.beta)))
    }
}

/// ln(1 + e^(`beta` · x)) / `beta`, a smooth max(x, 0):
/// [`torch.nn.functional.softplus`](https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html).
///
/// # Args
/// - `beta`: how sharp the bend is, 1 in PyTorch unless given; not 0.
/// - `threshold`: where `beta` · x is above it the result is x, so that nothing overflows; 20 in PyTorch unless given.
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
/// assert_eq!(F::softplus(&Tensor::new([0.0, 100.0]), 1.0, 20.0).to_vec::<f32>(), [2f32.ln(), 100.0]);
/// ```
#[track_caller]
pub fn softplus(x: &Tensor, beta: f64, threshold: f64) -> Tensor {
    apply_activation(Softplus { beta, threshold }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| softplus(x, 1.0, 20.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
        check_unary(|x| softplus(x, 3.0, 1.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
