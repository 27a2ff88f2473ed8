//! `fmod`.

use super::div_rounded::Rounding;
use super::{Binary, apply_binary, both, divisor_rule};
use crate::autograd::{Context, Gradients, Saves};
use crate::error::OrRaise;
use crate::ops::numeric::Number;
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Fmod;

impl Binary for Fmod {
    const NAME: &'static str = "fmod";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        a.fmod(b)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let quotient = || context.input(0).div_rounded(&context.input(1), Rounding::Trunc);
        both(context, || grad.clone(), || -(grad * quotient()))
    }
}

/// [`Tensor::fmod`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn fmod(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    let other = other.beside(x.dtype());
    divisor_rule(Fmod::NAME, x, &other).or_raise();
    apply_binary(Fmod, x, &other)
}

impl Tensor {
    /// The rest of the division, a - b · trunc(a / b), the quotient rounded towards zero: the sign is that of `self`:
    /// [`torch.fmod`](https://pytorch.org/docs/stable/generated/torch.fmod.html).
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
    /// assert_eq!(a.fmod(&b).to_vec::<f32>(), [-1.0, 1.0]);
    /// assert_eq!(Tensor::new([7]).fmod(4).to_vec::<i64>(), [3]);
    /// ```
    #[track_caller]
    pub fn fmod<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        fmod(self, other.into())
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
        check(|x| x[0].fmod(x[1]), &[&a, &b]);
        check(|x| x[0].unsqueeze(1).fmod(x[1]), &[&a, &b]);
    }

    #[test]
    #[should_panic(expected = "fmod: a whole number is divided by 0")]
    fn refusal() {
        Tensor::new([1, 2]).fmod(&Tensor::new([1, 0]));
    }
}
