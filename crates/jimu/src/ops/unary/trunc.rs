//! `trunc`.

use super::{UnaryNumber, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Trunc;

impl UnaryNumber for Trunc {
    const NAME: &'static str = "trunc";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.trunc()
    }

    fn gradient(self, _context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad.zeros_like()
    }
}

impl Tensor {
    /// Every element without its fraction:
    /// [`torch.trunc`](https://pytorch.org/docs/stable/generated/torch.trunc.html). Its derivative is 0. Whole
    /// numbers stay as they are.
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
    /// assert_eq!(Tensor::new([-1.5, 1.5]).trunc().to_vec::<f32>(), [-1.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn trunc(&self) -> Tensor {
        apply_unary_number(Trunc, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check_unary(|x| x.trunc(), &[-2.6, -0.4, 0.3, 1.7]);
    }

    #[test]
    fn the_gradient_is_zero_and_not_missing() {
        let x = Tensor::new([-1.5, 2.5]).requires_grad_();
        x.trunc().sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.0]);
    }
}
