//! `tan`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Tan;

impl Unary for Tan {
    const NAME: &'static str = "tan";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.tan()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let y = context.output();
        grad * (&y * &y + 1.0)
    }
}

impl Tensor {
    /// The tangent of every element, an angle in radians:
    /// [`torch.tan`](https://pytorch.org/docs/stable/generated/torch.tan.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).tan().to_vec::<f32>(), [0.0, 1f32.tan()]);
    /// ```
    #[track_caller]
    pub fn tan(&self) -> Tensor {
        apply_unary(Tan, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.tan(), &[-1.0, -0.5, 0.0, 0.7]);
    }
}
