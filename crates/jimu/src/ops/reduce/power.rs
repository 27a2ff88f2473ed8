//! |x|ᵖ with the derivative that norms and deviations take at 0: none.

use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::ops::unary::{Unary, apply_unary};
use crate::tensor::Tensor;

/// |x|ᵖ, or sign(x)·|x|ᵖ. Each is, but for the factor p, the derivative of the other's next power.
#[derive(Clone, Copy)]
struct Power {
    exponent: f64,
    signed: bool,
    /// Whether the value at 0 is 0 whatever the exponent, as derivatives have it here.
    zero_at_zero: bool,
}

impl Unary for Power {
    const NAME: &'static str = "norm_power";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        if self.zero_at_zero && x == F::ZERO {
            return F::ZERO;
        }
        let magnitude = x.abs();
        let power = match self.exponent {
            0.5 => magnitude.sqrt(),
            1.0 => magnitude,
            2.0 => magnitude * magnitude,
            exponent => magnitude.power(F::of(exponent)),
        };
        if self.signed && x < F::ZERO { -power } else { power }
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        if self.exponent == 0.0 {
            return grad.zeros_like();
        }
        let slope = Power { exponent: self.exponent - 1.0, signed: !self.signed, zero_at_zero: true };
        grad * apply_unary(slope, &context.input(0)) * self.exponent
    }
}

/// |x|ᵖ of every element, with gradient 0 at 0.
pub(super) fn power(x: &Tensor, exponent: f64) -> Tensor {
    apply_unary(Power { exponent, signed: false, zero_at_zero: exponent == 0.0 }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        for exponent in [-2.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0] {
            check_unary(|x| power(x, exponent), &[-2.0, -0.5, 0.7, 3.0]);
        }
    }

    #[test]
    fn no_slope_at_zero() {
        let x = Tensor::new([0.0, 4.0]).requires_grad_();
        power(&x, 0.5).sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.25]);
    }
}
