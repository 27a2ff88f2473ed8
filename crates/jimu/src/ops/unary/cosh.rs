//! `cosh`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Cosh;

impl Unary for Cosh {
    const NAME: &'static str = "cosh";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.cosh()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * context.input(0).sinh()
    }
}

impl Tensor {
    /// The hyperbolic cosine of every element, (eˣ + e⁻ˣ) / 2:
    /// [`torch.cosh`](https://pytorch.org/docs/stable/generated/torch.cosh.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).cosh().to_vec::<f32>(), [1.0, 1f32.cosh()]);
    /// ```
    #[track_caller]
    pub fn cosh(&self) -> Tensor {
        apply_unary(Cosh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.cosh(), &[-2.0, -0.5, 0.0, 0.7, 2.0]);
    }
}
