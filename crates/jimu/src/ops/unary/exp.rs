//! `exp`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Exp;

impl Unary for Exp {
    const NAME: &'static str = "exp";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.exp()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * context.output()
    }
}

impl Tensor {
    /// eˣ of every element: [`torch.exp`](https://pytorch.org/docs/stable/generated/torch.exp.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).exp().to_vec::<f32>(), [1.0, 1f32.exp()]);
    /// ```
    #[track_caller]
    pub fn exp(&self) -> Tensor {
        apply_unary(Exp, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.exp(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
