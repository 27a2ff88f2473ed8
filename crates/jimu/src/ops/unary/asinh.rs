//! `asinh`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Asinh;

impl Unary for Asinh {
    const NAME: &'static str = "asinh";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.asinh()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * (context.input(0).square() + 1.0).rsqrt()
    }
}

impl Tensor {
    /// The number whose hyperbolic sine each element is:
    /// [`torch.asinh`](https://pytorch.org/docs/stable/generated/torch.asinh.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 2.0]).asinh().to_vec::<f32>(), [0.0, 2f32.asinh()]);
    /// ```
    #[track_caller]
    pub fn asinh(&self) -> Tensor {
        apply_unary(Asinh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.asinh(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
