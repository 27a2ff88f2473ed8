//! Operations that choose elements by tensors of positions.

use anyhow::{Result, bail};
use jimu::{DType, Scalar, Shape, Tensor};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::value::Operand;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "argsort" => argsort,
        "bincount" => bincount,
        "gather" => gather,
        "index_add" => index_add,
        "index_copy" => index_copy,
        "index_fill" => index_fill,
        "index_put" => index_put,
        "index_select" => index_select,
        "masked_select" => masked_select,
        "nn.functional.one_hot" => one_hot,
        "nonzero" | "argwhere" => nonzero,
        "scatter" => scatter,
        "scatter_add" => scatter_add,
        "searchsorted" => searchsorted,
        "sort" => sort,
        "take" => take,
        "take_along_dim" => take_along_dim,
        "topk" => topk,
        _ => return None,
    })
}

/// `f(input, dim, index, *, sparse_grad=False)`.
fn gather(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    if arguments.keyword("sparse_grad", false)? {
        bail!("argument sparse_grad cannot be true yet");
    }
    one(input.gather(dim, &arguments.take("index")?))
}

/// `f(input, dim, index, source, *, alpha=1)`.
fn index_add(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    let (index, source): (Tensor, Tensor) = (arguments.take("index")?, arguments.take("source")?);
    let alpha: Scalar = arguments.keyword("alpha", Scalar::Int(1))?;
    // The factor is cut to a number of the source's type.
    let source = match source.dtype() {
        DType::Bool => source.logical_and(alpha.to_f64() != 0.0),
        dtype if dtype.is_floating_point() => source * alpha.to_f64(),
        _ => source * alpha.to_f64() as i64,
    };
    one(input.index_add(dim, &index, &source))
}

fn index_select(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    one(input.index_select(dim, &arguments.take("index")?))
}

/// `f(tensor, num_classes=-1)`, where -1 stands for one more than the largest class.
fn one_hot(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("tensor")?;
    let classes = arguments.or("num_classes", -1_i64)?;
    one(input.one_hot(if classes == -1 { None } else { Some(classes.try_into()?) }))
}

fn scatter_add(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    let (index, source): (Tensor, Tensor) = (arguments.take("index")?, arguments.take("src")?);
    one(input.scatter_add(dim, &index, &source))
}

/// `f(input, indices, dim=None)`.
fn take_along_dim(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let indices: Tensor = arguments.take("indices")?;
    one(input.take_along_dim(&indices, arguments.optional::<isize>("dim")?))
}

/// `f(input, dim=-1, descending=False, stable=False)`; jimu's order is always stable.
fn sort(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.or("dim", -1)?;
    let descending = arguments.or("descending", false)?;
    arguments.optional::<bool>("stable")?;
    let (values, positions) = input.sort(dim, descending);
    Ok(vec![values, positions])
}

/// `f(input, dim=-1, descending=False, stable=False)`.
fn argsort(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.or("dim", -1)?;
    let descending = arguments.or("descending", false)?;
    arguments.optional::<bool>("stable")?;
    one(input.argsort(dim, descending))
}

/// `f(input, k, dim=-1, largest=True, sorted=True)`; jimu's results are always in order.
fn topk(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let k = arguments.take("k")?;
    let dim = arguments.or("dim", -1)?;
    let largest = arguments.or("largest", true)?;
    arguments.or("sorted", true)?;
    let (values, positions) = input.topk(k, dim, largest);
    Ok(vec![values, positions])
}

/// `f(input, weights=None, minlength=0)`.
fn bincount(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let weights: Option<Tensor> = arguments.optional("weights")?;
    let counts = input.bincount(weights.as_ref(), arguments.or("minlength", 0)?);
    // The cases store real numbers as float32, these too.
    one(if counts.dtype() == DType::F64 { counts.to(DType::F32) } else { counts })
}

/// `f(input, dim, index, source)`.
fn index_copy(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    let index: Tensor = arguments.take("index")?;
    one(input.index_copy(dim, &index, &arguments.take("source")?))
}

/// `f(input, dim, index, value)`.
fn index_fill(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    let index: Tensor = arguments.take("index")?;
    let value: Operand = arguments.take("value")?;
    one(input.index_fill(dim, &index, value.borrow()))
}

/// `f(input, indices, values, accumulate=False)`.
fn index_put(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let indices: Vec<Tensor> = arguments.take("indices")?;
    let values: Operand = arguments.take("values")?;
    let accumulate = arguments.or("accumulate", false)?;
    one(input.index_put(&indices.iter().collect::<Vec<_>>(), values.borrow(), accumulate))
}

fn masked_select(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.masked_select(&arguments.take("mask")?))
}

/// `f(input, *, as_tuple=False)`.
fn nonzero(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    Ok(match arguments.keyword("as_tuple", false)? {
        true => input.atleast_1d().nonzero().unbind(1),
        false => vec![input.nonzero()],
    })
}

/// `f(input, dim, index, src, *, reduce=None)` with a tensor or a number for `src`.
fn scatter(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    let index: Tensor = arguments.take("index")?;
    let source: Operand = arguments.take(if arguments.peek("value").is_some() { "value" } else { "src" })?;
    one(match arguments.keyword::<Option<String>>("reduce", None)?.as_deref() {
        None => input.scatter(dim, &index, source.borrow()),
        Some("add") => match source {
            Operand::Tensor(source) => input.scatter_add(dim, &index, &source),
            Operand::Scalar(source) => {
                let source = Tensor::full_of(index.size(), source, input.dtype());
                input.scatter_add(dim, &index, &source)
            }
        },
        Some(other) => bail!("argument reduce cannot be {other:?} yet"),
    })
}

/// `f(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None)`.
fn searchsorted(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let sequence: Tensor = arguments.take("sorted_sequence")?;
    let values = match arguments.take("input")? {
        Operand::Tensor(values) => values,
        Operand::Scalar(value) => Tensor::full_of(Shape::default(), value, DType::F64),
    };
    arguments.only("out_int32", false)?;
    let side: Option<String> = arguments.keyword("side", None)?;
    let right = arguments.keyword("right", false)? || side.as_deref() == Some("right");
    let sequence = match arguments.keyword::<Option<Tensor>>("sorter", None)? {
        Some(order) => sequence.take_along_dim(&order, -1),
        None => sequence,
    };
    one(sequence.searchsorted(&values, right))
}

fn take(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.take(&arguments.take("index")?))
}
