//! `sin`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Sin;

impl Unary for Sin {
    const NAME: &'static str = "sin";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.sin()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * context.input(0).cos()
    }
}

impl Tensor {
    /// The sine of every element, an angle in radians:
    /// [`torch.sin`](https://pytorch.org/docs/stable/generated/torch.sin.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).sin().to_vec::<f32>(), [0.0, 1f32.sin()]);
    /// ```
    #[track_caller]
    pub fn sin(&self) -> Tensor {
        apply_unary(Sin, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.sin(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
