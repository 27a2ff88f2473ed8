//! `div` with a rounding mode.

use super::{Binary, apply_binary, both, divisor_rule};
use crate::autograd::{Context, Gradients, Saves};
use crate::error::OrRaise;
use crate::ops::numeric::Number;
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

/// How [`Tensor::div_rounded`] rounds: PyTorch's `rounding_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Down: Python's `//`.
    Floor,
    /// Towards zero: Rust's and C's division of whole numbers.
    Trunc,
}

#[derive(Clone, Copy)]
struct DivFloor;

impl Binary for DivFloor {
    const NAME: &'static str = "div";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        a.divide_floor(b)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        both(context, || grad.zeros_like(), || grad.zeros_like())
    }
}

#[derive(Clone, Copy)]
struct DivTrunc;

impl Binary for DivTrunc {
    const NAME: &'static str = "div";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        a.divide_trunc(b)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        both(context, || grad.zeros_like(), || grad.zeros_like())
    }
}

/// [`Tensor::div_rounded`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn div_rounded(x: &Tensor, other: TensorOrScalar<'_>, rounding: Rounding) -> Tensor {
    let other = other.beside(x.dtype());
    divisor_rule("div", x, &other).or_raise();
    match rounding {
        Rounding::Floor => apply_binary(DivFloor, x, &other),
        Rounding::Trunc => apply_binary(DivTrunc, x, &other),
    }
}

impl Tensor {
    /// Quotients rounded to whole numbers, element by element: `torch.div(a, b, rounding_mode=…)` of
    /// [`torch.div`](https://pytorch.org/docs/stable/generated/torch.div.html). The type stays, so whole numbers are
    /// divided exactly. The derivatives are 0.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, both tensors hold truth values, or whole numbers are divided by 0.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Rounding, Tensor};
    /// let (a, b) = (Tensor::new([-7, 7]), Tensor::new([2, 2]));
    /// assert_eq!(a.div_rounded(&b, Rounding::Floor).to_vec::<i64>(), [-4, 3]);
    /// assert_eq!(a.div_rounded(&b, Rounding::Trunc).to_vec::<i64>(), [-3, 3]);
    /// assert_eq!(a.div_rounded(2.0, Rounding::Floor).to_vec::<f32>(), [-4.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn div_rounded<'a>(&self, other: impl Into<TensorOrScalar<'a>>, rounding: Rounding) -> Tensor {
        div_rounded(self, other.into(), rounding)
    }

    /// Quotients rounded down, element by element:
    /// [`torch.floor_divide`](https://pytorch.org/docs/stable/generated/torch.floor_divide.html), the same as
    /// [`div_rounded`](Self::div_rounded) with [`Rounding::Floor`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-7, 7]).floor_divide(2).to_vec::<i64>(), [-4, 3]);
    /// ```
    #[track_caller]
    pub fn floor_divide<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        self.div_rounded(other, Rounding::Floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradients_are_zero_and_not_missing() {
        let (a, b) = (Tensor::new([[5.0], [-5.0]]).requires_grad_(), Tensor::new([3.0, 2.0]).requires_grad_());
        for rounding in [Rounding::Floor, Rounding::Trunc] {
            a.div_rounded(&b, rounding).sum().backward();
        }
        assert_eq!(a.grad().unwrap().to_vec::<f32>(), [0.0; 2]);
        assert_eq!(b.grad().unwrap().to_vec::<f32>(), [0.0; 2]);
    }

    #[test]
    #[should_panic(expected = "div: a whole number is divided by 0")]
    fn refusal() {
        Tensor::new([1, 2]).div_rounded(0, Rounding::Trunc);
    }
}
