//! `log1p`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Log1P;

impl Unary for Log1P {
    const NAME: &'static str = "log1p";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.ln_1p()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / (context.input(0) + 1.0)
    }
}

impl Tensor {
    /// ln(1 + x) of every element, accurate also near 0:
    /// [`torch.log1p`](https://pytorch.org/docs/stable/generated/torch.log1p.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1e-10]).log1p().to_vec::<f32>(), [0.0, 1e-10]);
    /// ```
    #[track_caller]
    pub fn log1p(&self) -> Tensor {
        apply_unary(Log1P, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.log1p(), &[-0.5, 0.0, 0.7, 3.0]);
    }
}
