//! `sign`.

use super::{UnaryNumber, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::dtype::DType;
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Sign;

impl UnaryNumber for Sign {
    const NAME: &'static str = "sign";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.sign()
    }

    fn gradient(self, _context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad.zeros_like()
    }
}

impl Tensor {
    /// The sign of every element, -1, 0 or 1 (0 for NaN):
    /// [`torch.sign`](https://pytorch.org/docs/stable/generated/torch.sign.html). Its derivative is 0.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-3, 0, 5]).sign().to_vec::<i64>(), [-1, 0, 1]);
    /// ```
    #[track_caller]
    pub fn sign(&self) -> Tensor {
        // Truth values are their own signs.
        if self.dtype() == DType::Bool { self.clone() } else { apply_unary_number(Sign, self) }
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check_unary(|x| x.sign(), &[-2.6, -0.4, 0.3, 1.7]);
    }

    #[test]
    fn the_gradient_is_zero_and_not_missing() {
        let x = Tensor::new([-1.5, 2.5]).requires_grad_();
        x.sign().sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.0]);
    }

    #[test]
    fn nan_has_no_sign() {
        assert_eq!(Tensor::new([f32::NAN, -0.0]).sign().to_vec::<f32>(), [0.0, 0.0]);
    }
}
