//! Operations that shrink dimensions.

use anyhow::Result;
use jimu::{Dims, Tensor};

use super::{Function, one};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "mean" => |a| reduction(a, Tensor::mean, |x, dims, keepdim| x.mean_dim(dims, keepdim)),
        "sum" => |a| reduction(a, Tensor::sum, |x, dims, keepdim| x.sum_dim(dims, keepdim)),
        _ => return None,
    })
}

/// `f(input, dim=None, keepdim=False, *, dtype=None)`.
fn reduction(
    arguments: &mut Arguments,
    whole: fn(&Tensor) -> Tensor,
    along: fn(&Tensor, Dims, bool) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input = with_dtype(arguments)?;
    let dims: Option<Dims> = arguments.optional("dim")?;
    let keepdim = arguments.or("keepdim", false)?;
    one(match (dims, keepdim) {
        (Some(dims), keepdim) => along(&input, dims, keepdim),
        (None, true) => along(&input, Dims::from([0isize; 0]), true),
        (None, false) => whole(&input),
    })
}

/// The input, converted to the keyword argument `dtype` if there is one, as PyTorch does before it reduces.
pub(super) fn with_dtype(arguments: &mut Arguments) -> Result<Tensor> {
    let input: Tensor = arguments.take("input")?;
    Ok(match arguments.keyword("dtype", None)? {
        Some(dtype) => input.to(dtype),
        None => input,
    })
}
