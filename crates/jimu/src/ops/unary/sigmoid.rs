//! `sigmoid`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Sigmoid;

impl Unary for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const SAVES: Saves = Saves::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        (F::ONE + (-x).exp()).recip()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let y = context.output();
        grad * (&y * (1.0 - &y))
    }
}

impl Tensor {
    /// The logistic function 1 / (1 + e⁻ˣ) of every element: [`torch.sigmoid`](https://pytorch.org/docs/stable/generated/torch.sigmoid.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0]).sigmoid().to_vec::<f32>(), [0.5]);
    /// ```
    #[track_caller]
    pub fn sigmoid(&self) -> Tensor {
        apply_unary(Sigmoid, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.sigmoid(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
