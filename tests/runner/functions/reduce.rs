//! Operations that shrink dimensions.

use anyhow::Result;
use jimu::{DType, Dims, QuantileInterpolation, Scalar, Shape, Tensor};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::functions::pointwise;
use crate::runner::value::{FromValue, Operand, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "all" => |a| truth(a, Tensor::all, |x, dims, keepdim| x.all_dim(dims, keepdim)),
        "amax" => |a| extreme(a, Tensor::amax),
        "amin" => |a| extreme(a, Tensor::amin),
        "aminmax" => aminmax,
        "any" => |a| truth(a, Tensor::any, |x, dims, keepdim| x.any_dim(dims, keepdim)),
        "argmax" => |a| position(a, Tensor::argmax, Tensor::argmax_dim),
        "argmin" => |a| position(a, Tensor::argmin, Tensor::argmin_dim),
        "count_nonzero" => count_nonzero,
        "cummax" => |a| Ok(pair(a.take::<Tensor>("input")?.cummax(a.take("dim")?))),
        "cummin" => |a| Ok(pair(a.take::<Tensor>("input")?.cummin(a.take("dim")?))),
        "cumprod" => |a| running(a, Tensor::cumprod),
        "cumsum" => |a| running(a, Tensor::cumsum),
        "kthvalue" => kthvalue,
        "logcumsumexp" => |a| running(a, Tensor::logcumsumexp),
        "logsumexp" => logsumexp,
        "max" => |a| extreme_with_position(a, "maximum", Tensor::max, Tensor::max_dim),
        "median" => median,
        "min" => |a| extreme_with_position(a, "minimum", Tensor::min, Tensor::min_dim),
        "mean" => |a| reduction(a, Tensor::mean, |x, dims, keepdim| x.mean_dim(dims, keepdim)),
        "nanmean" => |a| over_dims(a, |x, dims, keepdim| x.nanmean(dims, keepdim)),
        "nansum" => |a| over_dims(a, |x, dims, keepdim| x.nansum(dims, keepdim)),
        "norm" => norm,
        "prod" => prod,
        "quantile" => quantile,
        "std" => |a| spread(a, |x, dims, correction, keepdim| vec![x.std_dim(dims, correction, keepdim)]),
        "std_mean" => |a| spread(a, |x, dims, correction, keepdim| pair(x.std_mean(dims, correction, keepdim))),
        "sum" => |a| reduction(a, Tensor::sum, |x, dims, keepdim| x.sum_dim(dims, keepdim)),
        "var" => |a| spread(a, |x, dims, correction, keepdim| vec![x.var_dim(dims, correction, keepdim)]),
        "var_mean" => |a| spread(a, |x, dims, correction, keepdim| pair(x.var_mean(dims, correction, keepdim))),
        _ => return None,
    })
}

/// `f(input, dim=None, keepdim=False, *, dtype=None)`.
fn reduction(
    arguments: &mut Arguments,
    whole: fn(&Tensor) -> Tensor,
    along: fn(&Tensor, Dims, bool) -> Tensor,
) -> Result<Vec<Tensor>> {
    in_dtype(arguments, |arguments, input| {
        let dims: Option<Dims> = arguments.optional("dim")?;
        Ok(match (dims, arguments.or("keepdim", false)?) {
            (Some(dims), keepdim) => along(&input, dims, keepdim),
            (None, true) => along(&input, all_dims(), true),
            (None, false) => whole(&input),
        })
    })
}

/// What PyTorch and jimu read as all dimensions.
fn all_dims() -> Dims {
    Dims::from([0_isize; 0])
}

/// `operation` of the input converted to the keyword argument `dtype` if there is one, as PyTorch does before it reduces;
/// the result has this type, too.
fn in_dtype(
    arguments: &mut Arguments,
    operation: impl FnOnce(&mut Arguments, Tensor) -> Result<Tensor>,
) -> Result<Vec<Tensor>> {
    let dtype: Option<DType> = arguments.keyword("dtype", None)?;
    let input: Tensor = arguments.take("input")?;
    one(match dtype {
        Some(dtype) => operation(arguments, input.to(dtype))?.to(dtype),
        None => operation(arguments, input)?,
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

fn pair((first, second): (Tensor, Tensor)) -> Vec<Tensor> {
    vec![first, second]
}

/// `f(input, dim=None, keepdim=False)`. An empty list names no dimension here, unlike in a sum.
fn truth(
    arguments: &mut Arguments,
    whole: fn(&Tensor) -> Tensor,
    along: fn(&Tensor, Dims, bool) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dims: Option<Dims> = arguments.optional("dim")?;
    let keepdim = arguments.or("keepdim", false)?;
    one(match dims {
        Some(dims) if dims.is_empty() => input.detach().to(DType::Bool).to(whole(&input).dtype()),
        Some(dims) => along(&input, dims, keepdim),
        None if keepdim => along(&input, all_dims(), true),
        None => whole(&input),
    })
}

/// `f(input, dim=None)`.
fn count_nonzero(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.count_nonzero(arguments.or("dim", all_dims())?))
}

/// `f(input, dim, *, dtype=None)`.
fn running(arguments: &mut Arguments, operation: impl Fn(&Tensor, isize) -> Tensor) -> Result<Vec<Tensor>> {
    in_dtype(arguments, |arguments, input| Ok(operation(&input, arguments.take("dim")?)))
}

/// `f(input, dim=None, keepdim=False, *, dtype=None)`.
fn over_dims(arguments: &mut Arguments, operation: impl Fn(&Tensor, Dims, bool) -> Tensor) -> Result<Vec<Tensor>> {
    in_dtype(arguments, |arguments, input| {
        let dims = arguments.optional("dim")?.unwrap_or_else(all_dims);
        Ok(operation(&input, dims, arguments.or("keepdim", false)?))
    })
}

/// `f(input, *, dim=None, keepdim=False)`.
fn aminmax(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dims = arguments.keyword("dim", None)?.unwrap_or_else(all_dims);
    Ok(pair(input.aminmax(dims, arguments.keyword("keepdim", false)?)))
}

/// `f(input, k, dim=-1, keepdim=False)`.
fn kthvalue(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let k = arguments.take("k")?;
    let dim = arguments.or("dim", -1)?;
    Ok(pair(input.kthvalue(k, dim, arguments.or("keepdim", false)?)))
}

/// `f(input)` or `f(input, dim, keepdim=False)` with the positions.
fn median(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    match arguments.optional("dim")? {
        None => one(input.median()),
        Some(dim) => Ok(pair(input.median_dim(dim, arguments.or("keepdim", false)?))),
    }
}

/// `f(input, q, dim=None, keepdim=False, *, interpolation='linear')`; several `q` are in front.
fn quantile(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let q: Operand = arguments.take("q")?;
    let (flat, dim): (bool, isize) = match arguments.optional("dim")? {
        Some(dim) => (false, dim),
        None => (true, 0),
    };
    let keepdim = arguments.or("keepdim", false)?;
    let interpolation = match arguments.keyword("interpolation", "linear".to_owned())?.as_str() {
        "linear" => QuantileInterpolation::Linear,
        "lower" => QuantileInterpolation::Lower,
        "higher" => QuantileInterpolation::Higher,
        "midpoint" => QuantileInterpolation::Midpoint,
        "nearest" => QuantileInterpolation::Nearest,
        other => anyhow::bail!("argument interpolation cannot be {other:?}"),
    };
    let x = if flat { input.reshape([-1]) } else { input.clone() };
    let values = x.quantile_dim(q.borrow(), dim, keepdim, interpolation);
    if !(flat && keepdim) {
        return one(values);
    }
    let sizes = values.size();
    let front = sizes.iter().take(values.dim() - 1).copied();
    one(values.reshape(front.chain(vec![1; input.dim()]).collect::<Shape>()))
}

/// `f(input, dim, keepdim=False)`.
fn logsumexp(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dims: Dims = arguments.take("dim")?;
    one(input.logsumexp(dims, arguments.or("keepdim", false)?))
}

/// `f(input, p='fro', dim=None, keepdim=False, *, dtype=None)`.
fn norm(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input = with_dtype(arguments)?;
    let p = match arguments.or("p", Value::None)? {
        Value::None => Scalar::Int(2),
        Value::Text(name) if name == "fro" => Scalar::Int(2),
        p => FromValue::read(&p)?,
    };
    let dims = arguments.optional("dim")?.unwrap_or_else(all_dims);
    one(input.norm_dim(p, dims, arguments.or("keepdim", false)?))
}

/// `f(input, *, dtype=None)` or `f(input, dim, keepdim=False, *, dtype=None)`.
fn prod(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    in_dtype(arguments, |arguments, input| {
        Ok(match arguments.optional("dim")? {
            Some(dim) => input.prod_dim(dim, arguments.or("keepdim", false)?),
            None => input.prod(),
        })
    })
}

/// `f(input, unbiased)`, `f(input, dim, unbiased, keepdim=False)` or `f(input, dim=None, *, correction=1,
/// keepdim=False)`.
fn spread(
    arguments: &mut Arguments,
    operation: impl Fn(&Tensor, Dims, Scalar, bool) -> Vec<Tensor>,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dims = match arguments.peek("dim") {
        Some(Value::Bool(_)) => None,
        _ => arguments.optional("dim")?,
    };
    let unbiased = arguments.or("unbiased", true)?;
    let keepdim = arguments.or("keepdim", false)?;
    let correction = arguments.keyword("correction", None)?.unwrap_or(Scalar::Int(i64::from(unbiased)));
    Ok(operation(&input, dims.unwrap_or_else(all_dims), correction, keepdim))
}
