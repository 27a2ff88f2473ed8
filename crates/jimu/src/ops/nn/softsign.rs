//! `softsign`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Softsign;

impl Curve for Softsign {
    const NAME: &'static str = "softsign";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x / (F::ONE + x.abs())
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let d = F::ONE + x.abs();
        grad / (d * d)
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let d = x.abs() + 1.0;
        Some(x.sign() * -2.0 / (&d * &d * &d))
    }
}

/// x / (1 + |x|):
/// [`torch.nn.functional.softsign`](https://pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html).
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
/// assert_eq!(F::softsign(&Tensor::new([-1.0, 3.0])).to_vec::<f32>(), [-0.5, 0.75]);
/// ```
#[track_caller]
pub fn softsign(x: &Tensor) -> Tensor {
    apply_activation(Softsign, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| softsign(x), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
