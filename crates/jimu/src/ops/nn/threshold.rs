//! `threshold`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Threshold {
    threshold: f64,
    value: f64,
}

impl Curve for Threshold {
    const NAME: &'static str = "threshold";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        if x <= F::of(self.threshold) { F::of(self.value) } else { x }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        if x <= F::of(self.threshold) { F::ZERO } else { grad }
    }

    fn curvature(self, _x: &Tensor) -> Option<Tensor> {
        None
    }
}

/// x where it is above `threshold`, `value` elsewhere:
/// [`torch.nn.functional.threshold`](https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html).
///
/// # Args
/// - `threshold`: the bound.
/// - `value`: what stands for elements that are not above it.
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
/// assert_eq!(F::threshold(&Tensor::new([0.5, 3.0]), 1.0, -1.0).to_vec::<f32>(), [-1.0, 3.0]);
/// ```
#[track_caller]
pub fn threshold(x: &Tensor, threshold: f64, value: f64) -> Tensor {
    apply_activation(Threshold { threshold, value }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| threshold(x, 0.5, -1.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
