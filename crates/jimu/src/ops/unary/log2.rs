//! `log2`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Log2;

impl Unary for Log2 {
    const NAME: &'static str = "log2";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.log2()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / (context.input(0) * std::f64::consts::LN_2)
    }
}

impl Tensor {
    /// The logarithm to base 2 of every element:
    /// [`torch.log2`](https://pytorch.org/docs/stable/generated/torch.log2.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([8.0, 0.5]).log2().to_vec::<f32>(), [3.0, -1.0]);
    /// ```
    #[track_caller]
    pub fn log2(&self) -> Tensor {
        apply_unary(Log2, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.log2(), &[0.3, 1.0, 2.5]);
    }
}
