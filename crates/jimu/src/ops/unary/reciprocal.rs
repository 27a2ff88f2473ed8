//! `reciprocal`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Reciprocal;

impl Unary for Reciprocal {
    const NAME: &'static str = "reciprocal";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.recip()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let y = context.output();
        -(grad * (&y * &y))
    }
}

impl Tensor {
    /// 1 / x of every element:
    /// [`torch.reciprocal`](https://pytorch.org/docs/stable/generated/torch.reciprocal.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([4, -2]).reciprocal().to_vec::<f32>(), [0.25, -0.5]);
    /// ```
    #[track_caller]
    pub fn reciprocal(&self) -> Tensor {
        apply_unary(Reciprocal, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.reciprocal(), &[-2.0, 0.3, 1.0, 2.5]);
    }
}
