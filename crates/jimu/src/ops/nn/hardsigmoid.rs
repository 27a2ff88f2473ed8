//! `hardsigmoid`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Hardsigmoid;

impl Curve for Hardsigmoid {
    const NAME: &'static str = "hardsigmoid";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let y = x + F::of(3.0);
        let y = if y < F::ZERO { F::ZERO } else { y };
        let y = if y > F::of(6.0) { F::of(6.0) } else { y };
        y / F::of(6.0)
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let inside = x > F::of(-3.0) && x < F::of(3.0);
        if inside { grad / F::of(6.0) } else { F::ZERO }
    }

    fn curvature(self, _x: &Tensor) -> Option<Tensor> {
        None
    }
}

/// min(max(x / 6 + 1/2, 0), 1), a cheap [`sigmoid`](Tensor::sigmoid):
/// [`torch.nn.functional.hardsigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html).
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
/// assert_eq!(F::hardsigmoid(&Tensor::new([-4.0, 0.0, 4.0])).to_vec::<f32>(), [0.0, 0.5, 1.0]);
/// ```
#[track_caller]
pub fn hardsigmoid(x: &Tensor) -> Tensor {
    apply_activation(Hardsigmoid, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| hardsigmoid(x), &[-4.0, -2.0, -0.5, 0.7, 3.5]);
    }
}
