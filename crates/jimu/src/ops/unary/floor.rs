//! `floor`.

use super::{UnaryNumber, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Floor;

impl UnaryNumber for Floor {
    const NAME: &'static str = "floor";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.floor()
    }

    fn gradient(self, _context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad.zeros_like()
    }
}

impl Tensor {
    /// The largest whole number not above each element:
    /// [`torch.floor`](https://pytorch.org/docs/stable/generated/torch.floor.html). Its derivative is 0. Whole
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
    /// assert_eq!(Tensor::new([-1.5, 1.5]).floor().to_vec::<f32>(), [-2.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn floor(&self) -> Tensor {
        apply_unary_number(Floor, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check_unary(|x| x.floor(), &[-2.6, -0.4, 0.3, 1.7]);
    }

    #[test]
    fn the_gradient_is_zero_and_not_missing() {
        let x = Tensor::new([-1.5, 2.5]).requires_grad_();
        x.floor().sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.0]);
    }
}
