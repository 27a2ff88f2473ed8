//! `elu`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Elu {
    alpha: f64,
}

impl Curve for Elu {
    const NAME: &'static str = "elu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        if x > F::ZERO { x } else { F::of(self.alpha) * x.exp_m1() }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        // Written so that NaN stays NaN.
        if x > F::ZERO { grad } else { grad * F::of(self.alpha) * x.exp() }
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        Some(x.gt(0.0).where_(0.0, &(x.clamp_max(0.0).exp() * self.alpha)))
    }
}

/// x where it is positive, `alpha` (eˣ - 1) elsewhere:
/// [`torch.nn.functional.elu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html), from
/// [Clevert et al. 2015](https://arxiv.org/abs/1511.07289).
///
/// # Args
/// - `alpha`: the magnitude of the value far below 0, 1 in PyTorch unless given.
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
/// assert_eq!(F::elu(&Tensor::new([-1000.0, 3.0]), 2.0).to_vec::<f32>(), [-2.0, 3.0]);
/// ```
#[track_caller]
pub fn elu(x: &Tensor, alpha: f64) -> Tensor {
    apply_activation(Elu { alpha }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| elu(x, 1.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
        check_unary(|x| elu(x, 2.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
