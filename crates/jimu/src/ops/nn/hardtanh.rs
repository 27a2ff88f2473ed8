//! `hardtanh`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Hardtanh {
    min_value: f64,
    max_value: f64,
}

impl Curve for Hardtanh {
    const NAME: &'static str = "hardtanh";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let (min, max) = (F::of(self.min_value), F::of(self.max_value));
        let x = if x < min { min } else { x };
        if x > max { max } else { x }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let outside = x <= F::of(self.min_value) || x >= F::of(self.max_value);
        if outside { F::ZERO } else { grad }
    }

    fn curvature(self, _x: &Tensor) -> Option<Tensor> {
        None
    }
}

/// x, but `min_value` below that and `max_value` above that:
/// [`torch.nn.functional.hardtanh`](https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html).
///
/// # Args
/// - `min_value`: the lower bound, -1 in PyTorch unless given.
/// - `max_value`: the upper bound, 1 in PyTorch unless given.
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
/// assert_eq!(F::hardtanh(&Tensor::new([-3.0, 0.5, 7.0]), -1.0, 1.0).to_vec::<f32>(), [-1.0, 0.5, 1.0]);
/// ```
#[track_caller]
pub fn hardtanh(x: &Tensor, min_value: f64, max_value: f64) -> Tensor {
    apply_activation(Hardtanh { min_value, max_value }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| hardtanh(x, -1.0, 1.0), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
        check_unary(|x| hardtanh(x, -0.1, 2.5), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
