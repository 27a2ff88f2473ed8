//! `hardshrink`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Hardshrink {
    lambda: f64,
}

impl Curve for Hardshrink {
    const NAME: &'static str = "hardshrink";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let small = x >= F::of(-self.lambda) && x <= F::of(self.lambda);
        if small { F::ZERO } else { x }
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

/// x, but 0 where |x| ≤ `lambda`:
/// [`torch.nn.functional.hardshrink`](https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html).
///
/// # Args
/// - `lambda`: the bound, 0.5 in PyTorch unless given.
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
/// assert_eq!(F::hardshrink(&Tensor::new([-2.0, 0.3, 0.7]), 0.5).to_vec::<f32>(), [-2.0, 0.0, 0.7]);
/// ```
#[track_caller]
pub fn hardshrink(x: &Tensor, lambda: f64) -> Tensor {
    apply_activation(Hardshrink { lambda }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| hardshrink(x, 0.6), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
