//! `expm1`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct ExpM1;

impl Unary for ExpM1 {
    const NAME: &'static str = "expm1";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.exp_m1()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * (context.output() + 1.0)
    }
}

impl Tensor {
    /// eˣ - 1 of every element, accurate also near 0:
    /// [`torch.expm1`](https://pytorch.org/docs/stable/generated/torch.expm1.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1e-10]).expm1().to_vec::<f32>(), [0.0, 1e-10]);
    /// ```
    #[track_caller]
    pub fn expm1(&self) -> Tensor {
        apply_unary(ExpM1, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.expm1(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
