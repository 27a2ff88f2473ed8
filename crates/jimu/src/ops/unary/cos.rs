//! `cos`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Cos;

impl Unary for Cos {
    const NAME: &'static str = "cos";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.cos()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        -(grad * context.input(0).sin())
    }
}

impl Tensor {
    /// The cosine of every element, an angle in radians:
    /// [`torch.cos`](https://pytorch.org/docs/stable/generated/torch.cos.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).cos().to_vec::<f32>(), [1.0, 1f32.cos()]);
    /// ```
    #[track_caller]
    pub fn cos(&self) -> Tensor {
        apply_unary(Cos, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.cos(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
