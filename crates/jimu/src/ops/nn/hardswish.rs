//! `hardswish`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Hardswish;

impl Curve for Hardswish {
    const NAME: &'static str = "hardswish";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let gate = x + F::of(3.0);
        let gate = if gate < F::ZERO { F::ZERO } else { gate };
        let gate = if gate > F::of(6.0) { F::of(6.0) } else { gate };
        x * gate / F::of(6.0)
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        if x <= F::of(-3.0) {
            F::ZERO
        } else if x < F::of(3.0) {
            grad * (x / F::of(3.0) + F::of(0.5))
        } else {
            grad
        }
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        Some(x.abs().lt(3.0).where_(1.0 / 3.0, 0.0).to(x.dtype()))
    }
}

/// x · min(max(x + 3, 0), 6) / 6, a cheap [`silu`](crate::nn::functional::silu):
/// [`torch.nn.functional.hardswish`](https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html), from
/// [Howard et al. 2019](https://arxiv.org/abs/1905.02244).
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
/// assert_eq!(F::hardswish(&Tensor::new([-4.0, 0.0, 4.0])).to_vec::<f32>(), [0.0, 0.0, 4.0]);
/// ```
#[track_caller]
pub fn hardswish(x: &Tensor) -> Tensor {
    apply_activation(Hardswish, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| hardswish(x), &[-4.0, -2.0, -0.5, 0.7, 3.5]);
    }
}
