//! `exp2`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Exp2;

impl Unary for Exp2 {
    const NAME: &'static str = "exp2";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.exp2()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * (context.output() * std::f64::consts::LN_2)
    }
}

impl Tensor {
    /// 2ˣ of every element:
    /// [`torch.exp2`](https://pytorch.org/docs/stable/generated/torch.exp2.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([3, -1]).exp2().to_vec::<f32>(), [8.0, 0.5]);
    /// ```
    #[track_caller]
    pub fn exp2(&self) -> Tensor {
        apply_unary(Exp2, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.exp2(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
