//! Element by element, one operand. A member says its function and its derivative; what the family does for it is here.

mod abs;
mod acos;
mod acosh;
mod asin;
mod asinh;
mod atan;
mod atanh;
mod ceil;
mod clamp;
mod cos;
mod cosh;
pub(crate) mod curve;
mod erf;
mod erfc;
mod exp;
mod exp2;
mod expm1;
mod floor;
mod frac;
mod log;
mod log10;
mod log1p;
mod log2;
mod logit;
mod nan_to_num;
mod neg;
mod reciprocal;
mod relu;
mod round;
mod rsqrt;
mod sigmoid;
mod sign;
mod sin;
mod sinh;
mod sqrt;
mod square;
mod tan;
mod tanh;
mod to;
mod trunc;

pub(crate) use relu::relu_backward;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};

use super::numeric::{Number, Real};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec};
use crate::dtype::{DType, Element, dispatch_float, dispatch_number};
use crate::error::ShapeError;
use crate::tensor::{Layout, Tensor};

/// An element-wise function of real numbers; whole numbers and truth values are converted to `f32` first, as in PyTorch.
pub(crate) trait Unary: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// What the derivative is computed from.
    const SAVES: Saves;
    /// The function.
    fn value<F: Real>(self, x: F) -> F;
    /// The gradient of the input from that of the output.
    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor;
}

/// A [`Unary`] as an [`Operation`].
pub(crate) struct Map<U>(pub(crate) U);

impl<U: Unary> Operation for Map<U> {
    const NAME: &'static str = U::NAME;

    fn saves(&self) -> Saves {
        U::SAVES
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype().to_floating_point(), inputs[0].shape()))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let op = self.0;
        let input = inputs[0].to(spec.dtype);
        dispatch_float!(spec.dtype, T => map_elements::<T, T>(&input, #[inline(always)] move |x| op.value(x)))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| self.0.gradient(context, grad))
    }
}

/// Applies a [`Unary`], at the user's line.
#[track_caller]
pub(crate) fn apply_unary<U: Unary>(op: U, x: &Tensor) -> Tensor {
    let converted;
    let x = if x.dtype().is_floating_point() {
        x
    } else {
        converted = x.to(x.dtype().to_floating_point());
        &converted
    };
    crate::autograd::apply(Map(op), &[x])
}

/// An element-wise function of numbers of any type, which keeps the type.
pub(crate) trait UnaryNumber: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// What the derivative is computed from.
    const SAVES: Saves;
    /// The function.
    fn value<N: Number>(self, x: N) -> N;
    /// The gradient of the input from that of the output.
    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor;
}

/// A [`UnaryNumber`] as an [`Operation`].
struct MapNumber<U>(U);

impl<U: UnaryNumber> Operation for MapNumber<U> {
    const NAME: &'static str = U::NAME;

    fn saves(&self) -> Saves {
        U::SAVES
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        match inputs[0].dtype() {
            DType::Bool => Err(ShapeError::new(U::NAME, "truth values have no arithmetic")
                .help("convert them with x.to(DType::I64) first")),
            _ => Ok(Spec::like(inputs[0])),
        }
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let op = self.0;
        dispatch_number!(spec.dtype, T => map_elements::<T, T>(inputs[0], #[inline(always)] move |x| op.value(x)))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| self.0.gradient(context, grad))
    }
}

/// Applies a [`UnaryNumber`], at the user's line.
#[track_caller]
pub(crate) fn apply_unary_number<U: UnaryNumber>(op: U, x: &Tensor) -> Tensor {
    crate::autograd::apply(MapNumber(op), &[x])
}

/// `f` of every element, in the memory order of `x`.
pub(crate) fn map_elements<A: Element, O: Element>(
    x: &Tensor,
    f: impl Fn(A::Stored) -> O::Stored + Sync + Copy,
) -> Tensor {
    let order = x.layout().memory_order();
    let source = x.layout().permuted(&order);
    let storage = x.storage();
    let mut out = Buffer::unspecified(x.numel());
    let operand = Operand { data: A::slice(&storage), offset: source.offset, strides: &source.strides };
    strided::map1(&source.shape, operand, &mut out, f);
    Tensor::from_buffer::<O>(out, Layout::in_order(x.size(), &order))
}
