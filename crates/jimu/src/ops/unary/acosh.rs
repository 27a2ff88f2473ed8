//! `acosh`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Acosh;

impl Unary for Acosh {
    const NAME: &'static str = "acosh";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.acosh()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * (context.input(0).square() - 1.0).rsqrt()
    }
}

impl Tensor {
    /// The positive number whose hyperbolic cosine each element is:
    /// [`torch.acosh`](https://pytorch.org/docs/stable/generated/torch.acosh.html). NaN below 1. Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1.0, 2.0]).acosh().to_vec::<f32>(), [0.0, 2f32.acosh()]);
    /// ```
    #[track_caller]
    pub fn acosh(&self) -> Tensor {
        apply_unary(Acosh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.acosh(), &[1.3, 2.0, 5.0]);
    }
}
