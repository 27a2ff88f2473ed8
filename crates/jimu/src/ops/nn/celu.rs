//! `celu`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Celu {
    alpha: f64,
}

impl Curve for Celu {
    const NAME: &'static str = "celu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let alpha = F::of(self.alpha);
        if x > F::ZERO { x } else { alpha * (x / alpha).exp_m1() }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        if x <= F::ZERO { grad * (x / F::of(self.alpha)).exp() } else { grad }
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        Some(x.gt(0.0).where_(0.0, &((x.clamp_max(0.0) / self.alpha).exp() / self.alpha)))
    }
}

/// x where it is positive, `alpha` (e^(x / `alpha`) - 1) elsewhere, whose derivative has no jump:
/// [`torch.nn.functional.celu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html), from
/// [Barron 2017](https://arxiv.org/abs/1704.07483).
///
/// # Args
/// - `alpha`: the magnitude of the value far below 0, 1 in PyTorch unless given; not 0.
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
/// assert_eq!(F::celu(&Tensor::new([-1000.0, 3.0]), 2.0).to_vec::<f32>(), [-2.0, 3.0]);
/// ```
#[track_caller]
pub fn celu(x: &Tensor, alpha: f64) -> Tensor {
    apply_activation(Celu { alpha }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| celu(x, 1.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
        check_unary(|x| celu(x, 2.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
