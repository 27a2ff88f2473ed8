//! Element by element, two operands: types promoted, shapes broadcast, then a member's function of two numbers.

mod add;
mod addcmul;
mod atan2;
mod div;
pub(crate) mod div_rounded;
mod fmod;
mod hypot;
mod lerp;
mod logaddexp;
mod maximum;
mod minimum;
mod mul;
mod pow;
mod remainder;
mod sub;
mod xlogy;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};

use super::numeric::Number;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec};
use crate::dtype::{DType, Element, dispatch_number};
use crate::error::{ShapeError, raise};
use crate::tensor::{Layout, Small, Tensor, broadcast_shapes};

/// An element-wise function of two numbers of one type.
pub(crate) trait Binary: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// What the derivatives are computed from.
    const SAVES: Saves;
    /// The function.
    fn value<N: Number>(self, a: N, b: N) -> N;
    /// The gradients of both inputs, which have the shape of the output.
    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients;
}

/// A [`Binary`] as an [`Operation`] on operands of one type and one shape.
pub(crate) struct Zip<B>(pub(crate) B);

impl<B: Binary> Operation for Zip<B> {
    const NAME: &'static str = B::NAME;

    fn saves(&self) -> Saves {
        B::SAVES
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        match inputs[0].dtype() {
            DType::Bool => Err(ShapeError::new(B::NAME, "truth values have no arithmetic")
                .help("convert them with x.to(DType::I64), or use logical_and and logical_or")),
            _ => Ok(Spec::like(inputs[0])),
        }
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let op = self.0;
        dispatch_number!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], #[inline(always)] move |a, b| op.value(a, b)))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        self.0.gradients(context, grad)
    }
}

/// Applies a [`Binary`] to two tensors, at the user's line.
#[track_caller]
pub(crate) fn apply_binary<B: Binary>(op: B, a: &Tensor, b: &Tensor) -> Tensor {
    match prepare(B::NAME, a, b, a.dtype().promote(b.dtype())) {
        Ok((a, b)) => crate::autograd::apply(Zip(op), &[&a, &b]),
        Err(error) => raise(error),
    }
}

/// Both operands in type `dtype` and in their common shape.
pub(crate) fn prepare(name: &str, a: &Tensor, b: &Tensor, dtype: DType) -> Result<(Tensor, Tensor), ShapeError> {
    let (a, b) = (a.to(dtype), b.to(dtype));
    if a.shape() == b.shape() {
        return Ok((a, b));
    }
    let shape = broadcast_shapes(a.shape(), b.shape(), name)?;
    Ok((a.expand(&shape), b.expand(&shape)))
}

/// Refuses whole numbers divided by 0, which have no value.
pub(crate) fn divisor_rule(name: &str, a: &Tensor, divisor: &Tensor) -> Result<(), ShapeError> {
    let whole = !a.dtype().promote(divisor.dtype()).is_floating_point();
    let zero = |divisor: &Tensor| divisor.to(DType::I64).with_contiguous::<i64, _>(|elements| elements.contains(&0));
    match whole && !divisor.is_meta() && zero(divisor) {
        true => Err(ShapeError::new(name, "a whole number is divided by 0")
            .help("convert the operands with x.to(DType::F32) for infinities and NaN")),
        false => Ok(()),
    }
}

/// `f` of each pair of elements, in the memory order of the operand that is not broadcast.
pub(crate) fn zip_elements<A: Element, B: Element, O: Element>(
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(A::Stored, B::Stored) -> O::Stored + Sync + Copy,
) -> Tensor {
    let order = common_order(&[a, b]);
    let (la, lb) = (a.layout().permuted(&order), b.layout().permuted(&order));
    let (sa, sb) = (a.storage(), b.storage());
    let mut out = Buffer::unspecified(a.numel());
    strided::map2(
        &la.shape,
        Operand { data: A::slice(&sa), offset: la.offset, strides: &la.strides },
        Operand { data: B::slice(&sb), offset: lb.offset, strides: &lb.strides },
        &mut out,
        f,
    );
    Tensor::from_buffer::<O>(out, Layout::in_order(a.size(), &order))
}

/// `f` of each three elements, in the memory order of the operand that is not broadcast.
pub(crate) fn zip_three_elements<A: Element, B: Element, C: Element, O: Element>(
    a: &Tensor,
    b: &Tensor,
    c: &Tensor,
    f: impl Fn(A::Stored, B::Stored, C::Stored) -> O::Stored + Sync + Copy,
) -> Tensor {
    let order = common_order(&[a, b, c]);
    let (la, lb, lc) = (a.layout().permuted(&order), b.layout().permuted(&order), c.layout().permuted(&order));
    let (sa, sb, sc) = (a.storage(), b.storage(), c.storage());
    let mut out = Buffer::unspecified(a.numel());
    strided::map3(
        &la.shape,
        Operand { data: A::slice(&sa), offset: la.offset, strides: &la.strides },
        Operand { data: B::slice(&sb), offset: lb.offset, strides: &lb.strides },
        Operand { data: C::slice(&sc), offset: lc.offset, strides: &lc.strides },
        &mut out,
        f,
    );
    Tensor::from_buffer::<O>(out, Layout::in_order(a.size(), &order))
}

/// The memory order of the first operand that is dense; failing that, plain order.
pub(crate) fn common_order(operands: &[&Tensor]) -> Small<usize> {
    match operands.iter().find(|operand| operand.layout().is_dense()) {
        Some(dense) => dense.layout().memory_order(),
        None => (0..operands[0].dim()).collect(),
    }
}

/// One gradient for each of two inputs, each computed only if it is needed.
pub(crate) fn both(
    context: &Context<'_>,
    first: impl FnOnce() -> Tensor,
    second: impl FnOnce() -> Tensor,
) -> Gradients {
    [context.needs(0).then(first), context.needs(1).then(second)].into_iter().collect()
}
