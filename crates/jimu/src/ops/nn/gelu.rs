//! `gelu`.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

/// How [`gelu`] is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approximate {
    /// Exactly, by the error function: PyTorch's `"none"`.
    #[default]
    None,
    /// By the hyperbolic tangent of a cubic: PyTorch's `"tanh"`.
    Tanh,
}

/// xΦ(x), with Φ the normal distribution: Φ' = φ, φ' = -xφ.
#[derive(Clone, Copy)]
struct Gelu;

/// 1 / √(2π).
const DENSITY_AT_ZERO: f64 = 0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2;

impl Curve for Gelu {
    const NAME: &'static str = "gelu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x * x.normal().0
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let (distribution, power) = x.normal();
        grad * (distribution + x * F::of(DENSITY_AT_ZERO) * power)
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let square = x.square();
        Some((&square * -0.5).exp() * (2.0 - &square) * DENSITY_AT_ZERO)
    }
}

/// x (1 + tanh u) / 2 with u = k (x + cx³).
#[derive(Clone, Copy)]
struct GeluTanh;

const K: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
const C: f64 = 0.044_715;

impl Curve for GeluTanh {
    const NAME: &'static str = "gelu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let u = F::of(K) * (x + F::of(C) * x * x * x);
        F::of(0.5) * x * (F::ONE + u.tanh())
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        let t = (F::of(K) * (x + F::of(C) * x * x * x)).tanh();
        let slope_of_u = F::of(K) * (F::ONE + F::of(3.0 * C) * x * x);
        grad * F::of(0.5) * (F::ONE + t + x * (F::ONE - t * t) * slope_of_u)
    }

    fn curvature(self, x: &Tensor) -> Option<Tensor> {
        let square = x.square();
        let t = (x * (&square * C + 1.0) * K).tanh();
        let slope_of_u = (&square * (3.0 * C) + 1.0) * K;
        let slope_of_t = 1.0 - &t * &t;
        // u'' = 6kcx.
        let bend = &square * (3.0 * C * K) - x * &t * &slope_of_u * &slope_of_u;
        Some(slope_of_t * (slope_of_u + bend))
    }
}

/// x · Φ(x), with Φ the distribution function of the normal distribution:
/// [`torch.nn.functional.gelu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html), from
/// [Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415).
///
/// # Args
/// - `approximate`: exactly, x (1 + erf(x / √2)) / 2, or by x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{self as F, Approximate}};
/// let x = Tensor::new([-20.0, 0.0, 20.0]);
/// assert_eq!(F::gelu(&x, Approximate::None).to_vec::<f32>(), [0.0, 0.0, 20.0]);
/// assert_eq!(F::gelu(&x, Approximate::Tanh).to_vec::<f32>(), [0.0, 0.0, 20.0]);
/// ```
#[track_caller]
pub fn gelu(x: &Tensor, approximate: Approximate) -> Tensor {
    match approximate {
        Approximate::None => apply_activation(Gelu, x),
        Approximate::Tanh => apply_activation(GeluTanh, x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        for approximate in [Approximate::None, Approximate::Tanh] {
            check_unary(|x| gelu(x, approximate), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
        }
    }

    #[test]
    #[should_panic(expected = "gelu: the elements must be real numbers, but they are int64")]
    fn refusal() {
        gelu(&Tensor::new([1]), Approximate::None);
    }
}
