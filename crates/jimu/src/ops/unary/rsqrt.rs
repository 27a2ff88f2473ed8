//! `rsqrt`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Rsqrt;

impl Unary for Rsqrt {
    const NAME: &'static str = "rsqrt";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.sqrt().recip()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let y = context.output();
        grad * (&y * &y * &y * -0.5)
    }
}

impl Tensor {
    /// 1 / √x of every element:
    /// [`torch.rsqrt`](https://pytorch.org/docs/stable/generated/torch.rsqrt.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([4.0, 0.0]).rsqrt().to_vec::<f32>(), [0.5, f32::INFINITY]);
    /// ```
    #[track_caller]
    pub fn rsqrt(&self) -> Tensor {
        apply_unary(Rsqrt, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.rsqrt(), &[0.3, 1.0, 2.5]);
    }
}
