//! `mish`.

use super::softplus::softplus;
use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

/// tanh(ln(1 + eˣ)), which is (e²ˣ + 2eˣ) / (e²ˣ + 2eˣ + 2).
#[inline(always)]
fn tanh_softplus<F: Real>(x: F) -> F {
    // Further out it is 1 to the last place, and the square would overflow.
    let e = if x > F::of(20.0) { F::of(20.0).exp() } else { x.exp() };
    let n = e * (e + F::of(2.0));
    n / (n + F::of(2.0))
}

#[derive(Clone, Copy)]
struct Mish;

impl Curve for Mish {
    const NAME: &'static str = "mish";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x * tanh_softplus(x)
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let t = tanh_softplus(x);
        grad * (t + x * x.sigmoid() * (F::ONE - t * t))
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let (s, t) = (x.sigmoid(), softplus(x, 1.0, 20.0).tanh());
        let slope = &s * (1.0 - &t * &t);
        Some(&slope * (2.0 + x * (1.0 - &s - &t * &s * 2.0)))
    }
}

/// x · tanh(softplus(x)):
/// [`torch.nn.functional.mish`](https://pytorch.org/docs/stable/generated/torch.nn.functional.mish.html), from
/// [Misra 2019](https://arxiv.org/abs/1908.08681).
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
/// assert_eq!(F::mish(&Tensor::new([0.0, 100.0])).to_vec::<f32>(), [0.0, 100.0]);
/// ```
#[track_caller]
pub fn mish(x: &Tensor) -> Tensor {
    apply_activation(Mish, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| mish(x), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
