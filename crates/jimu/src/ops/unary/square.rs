//! `square`.

use super::{UnaryNumber, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::dtype::DType;
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Square;

impl UnaryNumber for Square {
    const NAME: &'static str = "square";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.times(x)
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * (context.input(0) * 2.0)
    }
}

impl Tensor {
    /// x² of every element:
    /// [`torch.square`](https://pytorch.org/docs/stable/generated/torch.square.html). The type stays,
    /// but truth values become `i64`.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-3, 2]).square().to_vec::<i64>(), [9, 4]);
    /// ```
    #[track_caller]
    pub fn square(&self) -> Tensor {
        match self.dtype() {
            DType::Bool => self.to(DType::I64),
            _ => apply_unary_number(Square, self),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.square(), &[-2.6, 0.0, 0.3, 1.7]);
    }
}
