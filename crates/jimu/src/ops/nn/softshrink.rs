//! `softshrink`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Softshrink {
    lambda: f64,
}

impl Curve for Softshrink {
    const NAME: &'static str = "softshrink";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let lambda = F::of(self.lambda);
        if x > lambda {
            x - lambda
        } else if x < -lambda {
            x + lambda
        } else {
            // Times 0, so that NaN stays.
            x * F::ZERO
        }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let small = x >= F::of(-self.lambda) && x <= F::of(self.lambda);
        if small { F::ZERO } else { grad }
    }

    fn curvature(self, _x: &Tensor) -> Option<Tensor> {
        None
    }
}

/// x brought nearer to 0 by `lambda`, and 0 where |x| ≤ `lambda`:
/// [`torch.nn.functional.softshrink`](https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html).
///
/// # Args
/// - `lambda`: the bound, not negative; 0.5 in PyTorch unless given.
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
/// assert_eq!(F::softshrink(&Tensor::new([-2.0, 0.3, 1.5]), 0.5).to_vec::<f32>(), [-1.5, 0.0, 1.0]);
/// ```
#[track_caller]
pub fn softshrink(x: &Tensor, lambda: f64) -> Tensor {
    apply_activation(Softshrink { lambda }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| softshrink(x, 0.6), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
