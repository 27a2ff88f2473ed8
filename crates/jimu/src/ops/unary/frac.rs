//! `frac`.

use super::{UnaryNumber, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Frac;

impl UnaryNumber for Frac {
    const NAME: &'static str = "frac";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.minus(x.trunc())
    }

    fn gradient(self, _context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad.clone()
    }
}

impl Tensor {
    /// The fraction of every element, x - trunc(x), with the sign of x:
    /// [`torch.frac`](https://pytorch.org/docs/stable/generated/torch.frac.html).
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
    /// assert_eq!(Tensor::new([-1.5, 2.25]).frac().to_vec::<f32>(), [-0.5, 0.25]);
    /// ```
    #[track_caller]
    pub fn frac(&self) -> Tensor {
        apply_unary_number(Frac, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.frac(), &[-2.6, -0.4, 0.3, 1.7]);
    }
}
