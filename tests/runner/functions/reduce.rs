//! Operations that shrink dimensions.

use anyhow::Result;
use jimu::{Dims, Tensor};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::functions::pointwise;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "amax" => |a| extreme(a, Tensor::amax),
        "amin" => |a| extreme(a, Tensor::amin),
        "argmax" => |a| position(a, Tensor::argmax, Tensor::argmax_dim),
        "argmin" => |a| position(a, Tensor::argmin, Tensor::argmin_dim),
        "max" => |a| extreme_with_position(a, "maximum", Tensor::max, Tensor::max_dim),
        "min" => |a| extreme_with_position(a, "minimum", Tensor::min, Tensor::min_dim),
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
        (None, true) => along(&input, all_dims(), true),
        (None, false) => whole(&input),
    })
}

/// What PyTorch and jimu read as all dimensions.
fn all_dims() -> Dims {
    Dims::from([0_isize; 0])
}

/// The input, converted to the keyword argument `dtype` if there is one, as PyTorch does before it reduces.
pub(super) fn with_dtype(arguments: &mut Arguments) -> Result<Tensor> {
    let input: Tensor = arguments.take("input")?;
    Ok(match arguments.keyword("dtype", None)? {
        Some(dtype) => input.to(dtype),
        None => input,
    })
}

/// `f(input, dim=(), keepdim=False)`.
fn extreme(arguments: &mut Arguments, along: fn(&Tensor, Dims, bool) -> Tensor) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dims = arguments.or("dim", all_dims())?;
    one(along(&input, dims, arguments.or("keepdim", false)?))
}

/// `f(input, dim=None, keepdim=False)`.
fn position(
    arguments: &mut Arguments,
    whole: fn(&Tensor) -> Tensor,
    along: fn(&Tensor, isize, bool) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim: Option<isize> = arguments.optional("dim")?;
    let keepdim = arguments.or("keepdim", false)?;
    one(match dim {
        Some(dim) => along(&input, dim, keepdim),
        None if keepdim => whole(&input).reshape(vec![1_usize; input.dim()]),
        None => whole(&input),
    })
}

/// `f(input)`, `f(input, dim, keepdim=False)` with the positions, or `f(input, other)`.
fn extreme_with_position(
    arguments: &mut Arguments,
    of_two: &str,
    whole: fn(&Tensor) -> Tensor,
    along: fn(&Tensor, isize, bool) -> (Tensor, Tensor),
) -> Result<Vec<Tensor>> {
    if let (true, Some(of_two)) = (pointwise::compares_two(arguments), pointwise::find(of_two)) {
        return of_two(arguments);
    }
    let input: Tensor = arguments.take("input")?;
    match arguments.optional("dim")? {
        None => one(whole(&input)),
        Some(dim) => {
            let (values, indices) = along(&input, dim, arguments.or("keepdim", false)?);
            Ok(vec![values, indices])
        }
    }
}
