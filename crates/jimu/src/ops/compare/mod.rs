//! Element by element, to truth values, which have no derivative; and choosing by truth values, which has one.

mod eq;
mod ge;
mod gt;
mod isclose;
mod isfinite;
mod isinf;
mod isnan;
mod le;
mod logical_and;
mod logical_not;
mod logical_or;
mod logical_xor;
mod lt;
mod masked_fill;
mod ne;
mod where_;

use super::binary::{prepare, zip_elements};
use super::operand::TensorOrScalar;
use super::unary::map_elements;
use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::{DType, Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// A relation between two elements of one type.
pub(crate) trait Comparison: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// Whether it holds.
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool;
}

/// A function of two truth values.
pub(crate) trait Connective: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// Whether it holds.
    fn holds(self, a: bool, b: bool) -> bool;
}

/// A property of one element, of whatever type.
pub(crate) trait Property: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// Whether it holds.
    fn holds(self, x: f64) -> bool;
}

struct Compare<C>(C);

impl<C: Comparison> NoDerivative for Compare<C> {
    const NAME: &'static str = C::NAME;

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(DType::Bool, inputs[0].shape()))
    }

    fn forward(&self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        let op = self.0;
        dispatch_dtype!(inputs[0].dtype(), T => {
            zip_elements::<T, T, bool>(inputs[0], inputs[1], #[inline(always)] move |a, b| u8::from(op.holds(a, b)))
        })
    }
}

struct Connect<C>(C);

impl<C: Connective> NoDerivative for Connect<C> {
    const NAME: &'static str = C::NAME;

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(DType::Bool, inputs[0].shape()))
    }

    fn forward(&self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        let op = self.0;
        zip_elements::<bool, bool, bool>(
            inputs[0],
            inputs[1],
            #[inline(always)]
            move |a, b| u8::from(op.holds(a != 0, b != 0)),
        )
    }
}

struct Judge<P>(P);

impl<P: Property> NoDerivative for Judge<P> {
    const NAME: &'static str = P::NAME;

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(DType::Bool, inputs[0].shape()))
    }

    fn forward(&self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        let op = self.0;
        dispatch_dtype!(inputs[0].dtype(), T => {
            map_elements::<T, bool>(inputs[0], #[inline(always)] move |x| u8::from(op.holds(T::from_stored(x).to_f64())))
        })
    }
}

/// Applies a [`Comparison`] to operands of any types, at the user's line.
#[track_caller]
pub(crate) fn apply_comparison<C: Comparison>(op: C, a: &Tensor, b: TensorOrScalar<'_>) -> Tensor {
    let b = b.beside(a.dtype());
    let (a, b) = prepare(C::NAME, a, &b, a.dtype().promote(b.dtype())).or_raise();
    apply_without_derivative(Compare(op), &[&a, &b])
}

/// Applies a [`Connective`] to operands of any types, at the user's line.
#[track_caller]
pub(crate) fn apply_connective<C: Connective>(op: C, a: &Tensor, b: TensorOrScalar<'_>) -> Tensor {
    let (a, b) = prepare(C::NAME, a, &b.beside(a.dtype()), DType::Bool).or_raise();
    apply_without_derivative(Connect(op), &[&a, &b])
}

/// Applies a [`Property`], at the user's line.
#[track_caller]
pub(crate) fn apply_property<P: Property>(op: P, x: &Tensor) -> Tensor {
    apply_without_derivative(Judge(op), &[x])
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn nan_is_unordered() {
        let nan = Tensor::new([f32::NAN]);
        let results = [nan.eq(&nan), nan.lt(&nan), nan.le(0), nan.gt(0), nan.ge(&nan), nan.ne(&nan)];
        assert_eq!(results.map(|result| result.to_vec::<bool>()[0]), [false, false, false, false, false, true]);
    }

    #[test]
    fn operands_are_promoted_and_broadcast() {
        let whole = Tensor::new([[1], [2]]);
        assert_eq!(whole.gt(1.5).to_vec::<bool>(), [false, true]);
        assert_eq!(whole.lt(&Tensor::new([1.5, 2.5])).to_vec::<bool>(), [true, true, false, true]);
        assert_eq!(Tensor::new([true, false]).eq(1).to_vec::<bool>(), [true, false]);
        assert_eq!(whole.t().logical_xor(&Tensor::new([[0.0], [0.5]])).to_vec::<bool>(), [true, true, false, false]);
    }

    #[test]
    fn results_are_constants_to_backward() {
        let x = Tensor::new([1.0, -1.0]).requires_grad_();
        assert!(!x.gt(0.0).requires_grad() && !x.isnan().requires_grad());
    }

    #[test]
    #[should_panic(expected = "gt: the shapes [2] and [3] cannot be broadcast")]
    fn refusal() {
        Tensor::new([1, 2]).gt(&Tensor::new([1, 2, 3]));
    }
}
