//! `erfc`.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Erfc;

impl Unary for Erfc {
    const NAME: &'static str = "erfc";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.erfc()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * ((-context.input(0).square()).exp() * -FRAC_2_SQRT_PI)
    }
}

impl Tensor {
    /// The complementary error function of every element, 1 - erf(x), accurate also where it is tiny:
    /// [`torch.erfc`](https://pytorch.org/docs/stable/generated/torch.erfc.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 30.0]).erfc().to_vec::<f32>(), [1.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn erfc(&self) -> Tensor {
        apply_unary(Erfc, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.erfc(), &[-2.0, -0.5, 0.0, 0.7, 2.0]);
    }
}
