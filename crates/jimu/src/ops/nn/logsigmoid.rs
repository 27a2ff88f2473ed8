//! `logsigmoid`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Logsigmoid;

impl Curve for Logsigmoid {
    const NAME: &'static str = "logsigmoid";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let least = if x < F::ZERO { x } else { F::ZERO };
        least - (-x.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        grad * (-x).sigmoid()
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let s = x.sigmoid();
        Some(&s * (&s - 1.0))
    }
}

/// ln(sigmoid(x)), also where the sigmoid itself is too small to write down:
/// [`torch.nn.functional.logsigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html).
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
/// assert_eq!(F::logsigmoid(&Tensor::new([-1000.0, 1000.0])).to_vec::<f32>(), [-1000.0, 0.0]);
/// ```
#[track_caller]
pub fn logsigmoid(x: &Tensor) -> Tensor {
    apply_activation(Logsigmoid, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| logsigmoid(x), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
