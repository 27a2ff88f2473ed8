//! `sinh`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Sinh;

impl Unary for Sinh {
    const NAME: &'static str = "sinh";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.sinh()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * context.input(0).cosh()
    }
}

impl Tensor {
    /// The hyperbolic sine of every element, (eˣ - e⁻ˣ) / 2:
    /// [`torch.sinh`](https://pytorch.org/docs/stable/generated/torch.sinh.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).sinh().to_vec::<f32>(), [0.0, 1f32.sinh()]);
    /// ```
    #[track_caller]
    pub fn sinh(&self) -> Tensor {
        apply_unary(Sinh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.sinh(), &[-2.0, -0.5, 0.0, 0.7, 2.0]);
    }
}
