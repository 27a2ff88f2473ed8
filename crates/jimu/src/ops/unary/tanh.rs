//! `tanh`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Tanh;

impl Unary for Tanh {
    const NAME: &'static str = "tanh";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.tanh()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let y = context.output();
        grad * (1.0 - &y * &y)
    }
}

impl Tensor {
    /// The hyperbolic tangent of every element: [`torch.tanh`](https://pytorch.org/docs/stable/generated/torch.tanh.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0]).tanh().to_vec::<f32>(), [0.0]);
    /// ```
    #[track_caller]
    pub fn tanh(&self) -> Tensor {
        apply_unary(Tanh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.tanh(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
