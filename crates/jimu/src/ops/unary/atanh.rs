//! `atanh`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Atanh;

impl Unary for Atanh {
    const NAME: &'static str = "atanh";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.atanh()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / (1.0 - context.input(0).square())
    }
}

impl Tensor {
    /// The number whose hyperbolic tangent each element is:
    /// [`torch.atanh`](https://pytorch.org/docs/stable/generated/torch.atanh.html). Infinite at -1 and 1, NaN beyond. Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 0.5]).atanh().to_vec::<f32>(), [0.0, 0.5f32.atanh()]);
    /// ```
    #[track_caller]
    pub fn atanh(&self) -> Tensor {
        apply_unary(Atanh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.atanh(), &[-0.8, -0.3, 0.0, 0.5]);
    }
}
