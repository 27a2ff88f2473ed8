//! `abs`.

use super::{UnaryNumber, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Abs;

impl UnaryNumber for Abs {
    const NAME: &'static str = "abs";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.abs()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * context.input(0).sign()
    }
}

impl Tensor {
    /// The magnitude of every element:
    /// [`torch.abs`](https://pytorch.org/docs/stable/generated/torch.abs.html). Its
    /// derivative at 0 is taken as 0.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If the elements are truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-3, 2]).abs().to_vec::<i64>(), [3, 2]);
    /// ```
    #[track_caller]
    pub fn abs(&self) -> Tensor {
        apply_unary_number(Abs, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check_unary(|x| x.abs(), &[-2.6, -0.4, 0.3, 1.7]);
    }

    #[test]
    fn the_derivative_at_zero_is_zero() {
        let x = Tensor::new([0.0, -0.0]).requires_grad_();
        x.abs().sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.0]);
    }
}
