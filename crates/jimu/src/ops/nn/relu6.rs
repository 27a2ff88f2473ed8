//! `relu6`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Relu6;

impl Curve for Relu6 {
    const NAME: &'static str = "relu6";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let x = if x < F::ZERO { F::ZERO } else { x };
        if x > F::of(6.0) { F::of(6.0) } else { x }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        if x <= F::ZERO || x >= F::of(6.0) { F::ZERO } else { grad }
    }

    fn curvature(self, _x: &Tensor) -> Option<Tensor> {
        None
    }
}

/// min(max(x, 0), 6):
/// [`torch.nn.functional.relu6`](https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html).
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
/// assert_eq!(F::relu6(&Tensor::new([-1.0, 2.0, 7.0])).to_vec::<f32>(), [0.0, 2.0, 6.0]);
/// ```
#[track_caller]
pub fn relu6(x: &Tensor) -> Tensor {
    apply_activation(Relu6, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| relu6(x), &[-2.0, 0.5, 5.0, 8.0]);
    }
}
