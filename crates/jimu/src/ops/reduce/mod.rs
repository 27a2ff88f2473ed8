//! Many elements to one: over all dimensions, or over those named.

mod aminmax;
mod argmax;
mod cummax;
mod cumprod;
mod cumsum;
mod extreme;
mod logsumexp;
mod max;
mod median;
mod nansum;
mod norm;
mod power;
mod prod;
mod sum;
mod truth;
mod var;

pub use median::QuantileInterpolation;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::reduce::{Dimensions, Fold, fold};

use crate::dtype::Element;
use crate::error::ShapeError;
use crate::tensor::{Dims, Layout, Shape, Small, Tensor};

/// Which dimensions a reduction folds, and whether they stay with size 1.
#[derive(Clone, Debug)]
pub(crate) struct Over {
    /// A truth value for each dimension: whether it is folded.
    pub(crate) mask: Small<bool>,
    pub(crate) keepdim: bool,
}

impl Over {
    pub(crate) fn all(x: &Tensor) -> Self {
        Self { mask: Small::from_elem(true, x.dim()), keepdim: false }
    }

    pub(crate) fn dims(x: &Tensor, dims: impl Into<Dims>, keepdim: bool, name: &str) -> Result<Self, ShapeError> {
        Ok(Self { mask: dims.into().mask(x.shape(), name)?, keepdim })
    }

    /// The result's shape.
    pub(crate) fn shape(&self, input: &Shape) -> Shape {
        let sizes = input.iter().zip(&self.mask);
        match self.keepdim {
            true => self.kept_shape(input),
            false => sizes.filter(|&(_, &folded)| !folded).map(|(&size, _)| size).collect(),
        }
    }

    /// The result's shape with the folded dimensions as 1.
    pub(crate) fn kept_shape(&self, input: &Shape) -> Shape {
        input.iter().zip(&self.mask).map(|(&size, &folded)| if folded { 1 } else { size }).collect()
    }

    /// How many elements are folded into one.
    pub(crate) fn count(&self, input: &Shape) -> usize {
        input.iter().zip(&self.mask).filter(|&(_, &folded)| folded).map(|(&size, _)| size).product()
    }

    /// A tensor of the result's shape expanded to the input's shape, so that each element meets its result.
    pub(crate) fn spread(&self, result: &Tensor, input: &Shape) -> Tensor {
        result.reshape(self.kept_shape(input)).expand(input)
    }
}

/// Folds `x`, its elements taken in the order of memory; the result is in plain order.
pub(crate) fn fold_elements<A, O, F>(x: &Tensor, over: &Over, way: &F) -> Tensor
where
    A: Element,
    O: Element,
    F: Fold<A::Stored, Accumulator = O::Stored>,
{
    let layout = x.layout();
    let pick = |dims: &mut dyn Iterator<Item = usize>| {
        let dims: Small<usize> = dims.collect();
        let sizes: Small<usize> = dims.iter().map(|&dim| layout.shape[dim]).collect();
        let strides: Small<usize> = dims.iter().map(|&dim| layout.strides[dim]).collect();
        Dimensions::new(&sizes, &strides)
    };
    let kept = pick(&mut (0..x.dim()).filter(|&dim| !over.mask[dim]));
    let reduced = pick(&mut layout.memory_order().into_iter().filter(|&dim| over.mask[dim]));
    let mut out = Buffer::unspecified(kept.count());
    fold(A::slice(&x.storage()), layout.offset, &kept, &reduced, &mut out, way);
    Tensor::from_buffer::<O>(out, Layout::contiguous(over.shape(x.shape())))
}

/// `..` names every dimension.
impl From<std::ops::RangeFull> for Dims {
    fn from(_: std::ops::RangeFull) -> Self {
        Self(Small::new())
    }
}
