//! `log`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Log;

impl Unary for Log {
    const NAME: &'static str = "log";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.ln()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / context.input(0)
    }
}

impl Tensor {
    /// The natural logarithm of every element: [`torch.log`](https://pytorch.org/docs/stable/generated/torch.log.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1.0, 2.0]).log().to_vec::<f32>(), [0.0, 2f32.ln()]);
    /// ```
    #[track_caller]
    pub fn log(&self) -> Tensor {
        apply_unary(Log, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.log(), &[0.3, 1.0, 2.5]);
    }
}
