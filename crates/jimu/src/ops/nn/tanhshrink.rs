//! `tanhshrink`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Tanhshrink;

impl Curve for Tanhshrink {
    const NAME: &'static str = "tanhshrink";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x - x.tanh()
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let t = x.tanh();
        grad * t * t
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let t = x.tanh();
        Some(&t * (1.0 - &t * &t) * 2.0)
    }
}

/// x - tanh(x):
/// [`torch.nn.functional.tanhshrink`](https://pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html).
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
/// assert_eq!(F::tanhshrink(&Tensor::new([0.0, 10.0])).to_vec::<f32>(), [0.0, 9.0]);
/// ```
#[track_caller]
pub fn tanhshrink(x: &Tensor) -> Tensor {
    apply_activation(Tanhshrink, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| tanhshrink(x), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
