//! `selu`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

const ALPHA: f64 = 1.673_263_242_354_377_2;
const SCALE: f64 = 1.050_700_987_355_480_5;

#[derive(Clone, Copy)]
struct Selu;

impl Curve for Selu {
    const NAME: &'static str = "selu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        if x > F::ZERO { x * F::of(SCALE) } else { F::of(SCALE * ALPHA) * x.exp_m1() }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        if x <= F::ZERO { grad * F::of(SCALE * ALPHA) * x.exp() } else { grad * F::of(SCALE) }
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        Some(x.gt(0.0).where_(0.0, &(x.clamp_max(0.0).exp() * (SCALE * ALPHA))))
    }
}

/// λx where x is positive, λα (eˣ - 1) elsewhere, with λ = 1.0507… and α = 1.6732…, which keep mean and variance at 0
/// and 1 from layer to layer:
/// [`torch.nn.functional.selu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html), from
/// [Klambauer et al. 2017](https://arxiv.org/abs/1706.02515).
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
/// assert_eq!(F::selu(&Tensor::new([0.0, 1.0])).to_vec::<f32>(), [0.0, 1.050701]);
/// ```
#[track_caller]
pub fn selu(x: &Tensor) -> Tensor {
    apply_activation(Selu, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| selu(x), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
