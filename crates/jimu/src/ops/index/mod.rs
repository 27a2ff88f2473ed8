//! Putting tensors together and picking elements by position.

mod cat;
mod diag;
mod diff;
mod flip;
mod gather;
mod index_copy;
mod index_put;
mod index_select;
mod nonzero;
mod one_hot;
mod pad;
mod repeat;
mod roll;
mod scatter;
mod scatter_add;
mod slice_assign;
mod sort;
mod stacks;
mod triangle;
mod unique;

pub(crate) use gather::gather_checked;
pub(crate) use index_select::{index_add_checked, index_select_checked};
pub use pad::PadMode;
pub(crate) use pad::try_pad;
pub use repeat::Repeats;
pub use unique::Unique;

use jimu_kernels::threads::parallel_chunks_mut;

use crate::dtype::DType;
use crate::error::ShapeError;
use crate::tensor::Tensor;

/// Elements that one task writes, if the blocks are small.
const GRAIN: usize = 1 << 14;

/// A tensor in plain order, seen from one dimension: blocks of `length` rows of `inner` elements, a row for each position
/// of the dimension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes {
    pub(crate) length: usize,
    pub(crate) inner: usize,
}

impl Lanes {
    /// Dimension `dim` of `shape`; a 0-d tensor has one lane of one element.
    pub(crate) fn of(shape: &[usize], dim: usize) -> Self {
        let after = shape.get(dim + 1..).unwrap_or(&[]);
        Self { length: shape.get(dim).copied().unwrap_or(1), inner: after.iter().product() }
    }

    /// The number of elements of a block.
    pub(crate) fn block(self) -> usize {
        self.length * self.inner
    }

    /// Runs `task(block, elements)` on every block of `data`, on all threads.
    pub(crate) fn for_each_block<T: Send>(self, data: &mut [T], task: impl Fn(usize, &mut [T]) + Sync) {
        let block = self.block();
        if block == 0 {
            return;
        }
        let together = (GRAIN / block).max(1);
        parallel_chunks_mut(data, together * block, |chunk, elements| {
            for (index, own) in elements.chunks_mut(block).enumerate() {
                task(chunk * together + index, own);
            }
        });
    }
}

/// The index in `I64`; refuses elements that are no whole numbers, and positions outside `0..size`.
pub(crate) fn index_rule(index: &Tensor, size: usize, operation: &str) -> Result<Tensor, ShapeError> {
    let index = match index.dtype() {
        DType::I64 => index.clone(),
        DType::U8 => index.to(DType::I64),
        other => {
            return Err(ShapeError::new(operation, format!("the index must be int64, but it is {other}"))
                .help("convert it with index.to(DType::I64)"));
        }
    };
    if index.is_meta() {
        return Ok(index);
    }
    let outside = |&&position: &&i64| position < 0 || position as usize >= size;
    match index.with_contiguous::<i64, _>(|positions| positions.iter().find(outside).copied()) {
        None => Ok(index),
        Some(position) => {
            Err(ShapeError::new(operation, format!("index {position} is out of range for a dimension of size {size}"))
                .help(match size {
                    0 => "the dimension is empty: there is nothing to pick".to_string(),
                    _ => format!("every index must lie from 0 to {}", size - 1),
                }))
        }
    }
}

/// The part of `x` that lies within `shape` in every dimension but `dim`, for operations whose index may be smaller.
pub(crate) fn trim(x: &Tensor, shape: &[usize], dim: usize) -> Tensor {
    let larger = (0..x.dim()).filter(|&other| other != dim && x.shape()[other] > shape[other]);
    larger.fold(x.clone(), |part, other| part.narrow(other as isize, 0, shape[other]))
}
