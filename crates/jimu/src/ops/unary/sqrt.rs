//! `sqrt`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Sqrt;

impl Unary for Sqrt {
    const NAME: &'static str = "sqrt";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.sqrt()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / (context.output() * 2.0)
    }
}

impl Tensor {
    /// The square root of every element: [`torch.sqrt`](https://pytorch.org/docs/stable/generated/torch.sqrt.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([4.0, 9.0]).sqrt().to_vec::<f32>(), [2.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn sqrt(&self) -> Tensor {
        apply_unary(Sqrt, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.sqrt(), &[0.3, 1.0, 2.5]);
    }
}
