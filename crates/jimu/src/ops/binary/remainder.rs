//! `remainder`.

use super::div_rounded::Rounding;
use super::{Binary, apply_binary, both, divisor_rule};
use crate::autograd::{Context, Gradients, Saves};
use crate::error::OrRaise;
use crate::ops::numeric::Number;
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Remainder;

impl Binary for Remainder {
    const NAME: &'static str = "remainder";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        a.remainder(b)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let quotient = || context.input(0).div_rounded(&context.input(1), Rounding::Floor);
        both(context, || grad.clone(), || -(grad * quotient()))
    }
}

/// [`Tensor::remainder`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn remainder(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    let other = other.beside(x.dtype());
    divisor_rule(Remainder::NAME, x, &other).or_raise();
    apply_binary(Remainder, x, &other)
}

impl Tensor {
    /// The rest of the division, a - b · floor(a / b), the quotient rounded down, Python's `%`: the sign is that of `other`:
    /// [`torch.remainder`](https://pytorch.org/docs/stable/generated/torch.remainder.html).
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
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([-7.0, 7.0]), Tensor::new([3.0, -3.0]));
    /// assert_eq!(a.remainder(&b).to_vec::<f32>(), [2.0, -2.0]);
    /// assert_eq!(Tensor::new([7]).remainder(4).to_vec::<i64>(), [3]);
    /// ```
    #[track_caller]
    pub fn remainder<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        remainder(self, other.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let a = Tensor::from_vec(vec![-7.2f64, 7.3, 1.1, -4.9], [4]).requires_grad_();
        let b = Tensor::from_vec(vec![3.1f64, -2.9, 0.47, -1.3], [4]).requires_grad_();
        check(|x| x[0].remainder(x[1]), &[&a, &b]);
        check(|x| x[0].unsqueeze(1).remainder(x[1]), &[&a, &b]);
    }

    #[test]
    #[should_panic(expected = "remainder: a whole number is divided by 0")]
    fn refusal() {
        Tensor::new([1, 2]).remainder(&Tensor::new([1, 0]));
    }
}
