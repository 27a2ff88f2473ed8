//! `pow`.

use super::{Binary, apply_binary, both};
use crate::autograd::{Context, Gradients, Saves};
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::{Number, Real};
use crate::ops::operand::TensorOrScalar;
use crate::ops::unary::{Unary, apply_unary};
use crate::tensor::{Scalar, Tensor};

#[derive(Clone, Copy)]
struct Pow;

impl Binary for Pow {
    const NAME: &'static str = "pow";
    const SAVES: Saves = Saves::InputsAndOutput;

    #[inline(always)]
    fn value<N: Number>(self, base: N, exponent: N) -> N {
        base.power(exponent)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (base, exponent) = (context.input(0), context.input(1));
        let of_base = || {
            let slope = grad * (&exponent * base.pow(&(&exponent - 1.0)));
            // x⁰ is 1 for every x, 0 and infinity too.
            exponent.eq(0.0).where_(0.0, &slope)
        };
        let of_exponent = || {
            let slope = grad * (context.output() * base.log());
            // 0ʸ is 0 for every y > 0, and its derivative at y = 0 is taken as 0.
            base.eq(0.0).logical_and(&exponent.ge(0.0)).where_(0.0, &slope)
        };
        both(context, of_base, of_exponent)
    }
}

/// A power with one real exponent for all elements.
#[derive(Clone, Copy)]
struct PowScalar {
    exponent: f64,
}

impl Unary for PowScalar {
    const NAME: &'static str = "pow";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.power(F::of(self.exponent))
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        if self.exponent == 0.0 {
            return grad.zeros_like();
        }
        grad * (context.input(0).pow(self.exponent - 1.0) * self.exponent)
    }
}

/// Powers of real numbers to one exponent; those with an instruction of their own take it.
#[track_caller]
fn pow_scalar(x: &Tensor, exponent: f64) -> Tensor {
    match exponent {
        2.0 => x.square(),
        3.0 => x.square() * x,
        0.5 => x.sqrt(),
        -0.5 => x.rsqrt(),
        -1.0 => x.reciprocal(),
        -2.0 => x.square().reciprocal(),
        _ => apply_unary(PowScalar { exponent }, x),
    }
}

fn whole_exponent_rule(exponent: i64) -> Result<(), ShapeError> {
    match exponent < 0 {
        true => Err(ShapeError::new("pow", format!("whole numbers have no whole power of {exponent}"))
            .help("convert them with x.to(DType::F32) first")),
        false => Ok(()),
    }
}

/// [`Tensor::pow`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn pow(x: &Tensor, exponent: TensorOrScalar<'_>) -> Tensor {
    match exponent {
        TensorOrScalar::Tensor(exponent) => apply_binary(Pow, x, exponent),
        TensorOrScalar::Scalar(Scalar::Int(exponent)) if !x.dtype().is_floating_point() => {
            whole_exponent_rule(exponent).or_raise();
            let exponent = TensorOrScalar::from(exponent).beside(x.dtype());
            apply_binary(Pow, x, &exponent)
        }
        TensorOrScalar::Scalar(exponent) => pow_scalar(x, exponent.to_f64()),
    }
}

impl Tensor {
    /// Every element to the power of `exponent`, a tensor or a number:
    /// [`torch.pow`](https://pytorch.org/docs/stable/generated/torch.pow.html). Whole numbers to whole powers stay
    /// whole. 0⁰ is 1; where the exponent is 0 the derivative by the base is 0, where the base is 0 and the exponent
    /// not negative the derivative by the exponent is 0.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or whole numbers are raised to a negative whole number.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, 2.0, 3.0]);
    /// assert_eq!(x.pow(2).to_vec::<f32>(), [1.0, 4.0, 9.0]);
    /// assert_eq!(x.pow(&Tensor::new([0.0, -1.0, 3.0])).to_vec::<f32>(), [1.0, 0.5, 27.0]);
    /// assert_eq!(Tensor::new([-2, 3]).pow(3).to_vec::<i64>(), [-8, 27]);
    /// ```
    #[track_caller]
    pub fn pow<'a>(&self, exponent: impl Into<TensorOrScalar<'a>>) -> Tensor {
        pow(self, exponent.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, check_unary};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let base = Tensor::from_vec(vec![0.4f64, 1.0, 2.3, 3.1], [4]).requires_grad_();
        let exponent = Tensor::from_vec(vec![-1.2f64, 0.7, 2.0], [3, 1]).requires_grad_();
        check(|x| x[0].pow(x[1]), &[&base, &exponent]);
        for exponent in [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.7, 2.0, 3.0, 4.0] {
            check_unary(|x| x.pow(exponent), &[0.4, 1.0, 2.3]);
        }
        check_unary(|x| x.pow(3), &[-1.3, 0.0, 2.0]);
    }

    #[test]
    fn derivatives_where_base_or_exponent_is_zero() {
        let base = Tensor::new([0.0, 0.0, 2.0, -2.0]).requires_grad_();
        let exponent = Tensor::new([0.0, 2.0, 0.0, 2.0]).requires_grad_();
        let y = base.pow(&exponent);
        assert_eq!(y.to_vec::<f32>(), [1.0, 0.0, 1.0, 4.0]);
        y.sum().backward();
        assert_eq!(base.grad().unwrap().to_vec::<f32>(), [0.0, 0.0, 0.0, -4.0]);
        let slopes = exponent.grad().unwrap().to_vec::<f32>();
        assert_eq!(slopes[..2], [0.0, 0.0]);
        assert!((slopes[2] - 2f32.ln()).abs() < 1e-6 && slopes[3].is_nan());
    }

    #[test]
    #[should_panic(expected = "pow: whole numbers have no whole power of -1")]
    fn refusal() {
        Tensor::new([1, 2]).pow(-1);
    }
}
