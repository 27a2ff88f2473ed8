//! `log10`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Log10;

impl Unary for Log10 {
    const NAME: &'static str = "log10";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.log10()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / (context.input(0) * std::f64::consts::LN_10)
    }
}

impl Tensor {
    /// The logarithm to base 10 of every element:
    /// [`torch.log10`](https://pytorch.org/docs/stable/generated/torch.log10.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([100.0, 0.1]).log10().to_vec::<f32>(), [2.0, -1.0]);
    /// ```
    #[track_caller]
    pub fn log10(&self) -> Tensor {
        apply_unary(Log10, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.log10(), &[0.3, 1.0, 2.5]);
    }
}
