//! Operations that move elements or name them anew.

use anyhow::Result;
use jimu::{Dims, Indexing, Repeats, Shape, Tensor};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;
use crate::runner::value::{FromValue, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "atleast_1d" => |a| each(a, Tensor::atleast_1d),
        "atleast_2d" => |a| each(a, Tensor::atleast_2d),
        "atleast_3d" => |a| each(a, Tensor::atleast_3d),
        "broadcast_tensors" => |a| Ok(Tensor::broadcast_tensors(&many(a)?.iter().collect::<Vec<_>>())),
        "broadcast_to" | "expand" => |a| with_sizes(a, "size", |x, sizes| x.expand(sizes)),
        "cat" => |a| join(a, |tensors, dim| Tensor::cat(tensors, dim)),
        "chunk" => chunk,
        "column_stack" => |a| join(a, |tensors, _| Tensor::column_stack(tensors)),
        "diag" => |a| triangle(a, Tensor::diag),
        "diag_embed" => diag_embed,
        "diagflat" => |a| with_offset(a, Tensor::diagflat),
        "diagonal" => diagonal,
        "diff" => diff,
        "dstack" => |a| join(a, |tensors, _| Tensor::dstack(tensors)),
        "flatten" => flatten,
        "flip" => flip,
        "fliplr" => |a| unary(a, Tensor::fliplr),
        "flipud" => |a| unary(a, Tensor::flipud),
        "hstack" => |a| join(a, |tensors, _| Tensor::hstack(tensors)),
        "meshgrid" => meshgrid,
        "movedim" => movedim,
        "narrow" => narrow,
        "permute" => |a| with_sizes(a, "dims", |x, dims| x.permute(dims)),
        "repeat" => |a| with_repeats(a, "repeats", |x, repeats| x.repeat(repeats)),
        "repeat_interleave" => repeat_interleave,
        "reshape" => |a| with_sizes(a, "shape", |x, sizes| x.reshape(sizes)),
        "roll" => roll,
        "rot90" => rot90,
        "select_scatter" => select_scatter,
        "select" => select,
        "slice" => slice,
        "slice_scatter" => slice_scatter,
        "split" => split,
        "split_with_sizes" => split,
        "squeeze" => squeeze,
        "stack" => |a| join(a, |tensors, dim| Tensor::stack(tensors, dim)),
        "t" => |a| unary(a, Tensor::t),
        "tile" => |a| with_repeats(a, "dims", |x, repeats| x.tile(repeats)),
        "transpose" => transpose,
        "tril" => |a| triangle(a, Tensor::tril),
        "triu" => |a| triangle(a, Tensor::triu),
        "unbind" => unbind,
        "unflatten" => unflatten,
        "unsqueeze" => unsqueeze,
        "vstack" => |a| join(a, |tensors, _| Tensor::vstack(tensors)),
        "view" => |a| with_sizes(a, "size", |x, sizes| x.view(sizes)),
        _ => return None,
    })
}

/// `f(input, sizes)`.
fn with_sizes(
    arguments: &mut Arguments,
    name: &str,
    operation: impl Fn(&Tensor, Dims) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, arguments.take(name)?))
}

/// `f(tensors, dim=0)`.
fn join(arguments: &mut Arguments, operation: impl Fn(&[&Tensor], isize) -> Tensor) -> Result<Vec<Tensor>> {
    let tensors: Vec<Tensor> = arguments.take("tensors")?;
    let dim = arguments.or("dim", 0)?;
    one(operation(&tensors.iter().collect::<Vec<_>>(), dim))
}

fn flatten(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (start, end): (isize, isize) = (arguments.or("start_dim", 0)?, arguments.or("end_dim", -1)?);
    one(input.flatten(start..=end))
}

fn movedim(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (source, destination): (Dims, Dims) = (arguments.take("source")?, arguments.take("destination")?);
    one(input.movedim(source, destination))
}

fn narrow(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (dim, start) = (arguments.take("dim")?, arguments.take("start")?);
    one(input.narrow(dim, start, arguments.take("length")?))
}

fn select(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    one(input.select(dim, arguments.take("index")?))
}

/// `torch.ops.aten.slice(input, dim=0, start=None, end=None, step=1)`.
fn slice(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.or("dim", 0)?;
    let start = arguments.optional("start")?.unwrap_or(0);
    let end = arguments.optional("end")?.unwrap_or(isize::MAX);
    one(input.slice(dim, start, end, arguments.or("step", 1)?))
}

fn squeeze(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(match arguments.optional::<Dims>("dim")? {
        // An empty list names no dimension.
        Some(dims) if dims.is_empty() => input,
        Some(dims) => input.squeeze_dim(dims),
        None => input.squeeze(),
    })
}

fn transpose(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim0 = arguments.take("dim0")?;
    one(input.transpose(dim0, arguments.take("dim1")?))
}

fn unflatten(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let dim = arguments.take("dim")?;
    one(input.unflatten(dim, arguments.take::<Dims>("sizes")?))
}

fn unsqueeze(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.unsqueeze(arguments.take("dim")?))
}

/// `f(input, repeats)`.
fn with_repeats(
    arguments: &mut Arguments,
    name: &str,
    operation: impl Fn(&Tensor, Shape) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, arguments.take(name)?))
}

/// `f(input, chunks, dim=0)`.
fn chunk(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let chunks = arguments.take("chunks")?;
    Ok(input.chunk(chunks, arguments.or("dim", 0)?))
}

/// `f(input, offset=0, dim1=0, dim2=1)`.
fn diagonal(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let offset = arguments.or("offset", 0)?;
    let dim1 = arguments.or("dim1", 0)?;
    one(input.diagonal(offset, dim1, arguments.or("dim2", 1)?))
}

/// `f(input, dims)`.
fn flip(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.flip(arguments.take::<Dims>("dims")?))
}

/// `f(repeats, *, output_size=None)` or `f(input, repeats, dim=None, *, output_size=None)`.
fn repeat_interleave(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let size: Option<usize> = arguments.keyword("output_size", None)?;
    let input: Tensor = arguments.take("input")?;
    let repeated = match arguments.or("repeats", Value::None)? {
        Value::None => Tensor::arange(0, input.numel() as i64).repeat_interleave(&input, 0),
        repeats => {
            let repeats = match &repeats {
                Value::Tensor(repeats) => Repeats::from(repeats),
                number => Repeats::from(usize::read(number)?),
            };
            input.repeat_interleave(repeats, arguments.optional::<isize>("dim")?)
        }
    };
    if size.is_some_and(|size| !repeated.shape().contains(&size)) {
        anyhow::bail!("argument output_size is {size:?}, but the shape is {}", repeated.shape());
    }
    one(repeated)
}

/// `f(input, shifts, dims=None)`.
fn roll(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let shifts: Dims = arguments.take("shifts")?;
    let dims: Option<Dims> = arguments.optional("dims")?;
    one(input.roll(shifts, dims.unwrap_or_else(|| (..).into())))
}

/// `f(tensor, split_size_or_sections, dim=0)`.
fn split(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("tensor")?;
    let name = if arguments.peek("split_sizes").is_some() { "split_sizes" } else { "split_size_or_sections" };
    match arguments.peek(name) {
        Some(Value::List(_)) => {
            let sizes: Vec<usize> = arguments.take(name)?;
            Ok(input.split_with_sizes(&sizes, arguments.or("dim", 0)?))
        }
        _ => {
            let size = arguments.take(name)?;
            Ok(input.split(size, arguments.or("dim", 0)?))
        }
    }
}

/// `f(input, diagonal=0)`.
fn triangle(arguments: &mut Arguments, operation: impl Fn(&Tensor, isize) -> Tensor) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, arguments.or("diagonal", 0)?))
}

/// `f(input, dim=0)`.
fn unbind(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    Ok(input.unbind(arguments.or("dim", 0)?))
}

/// Tensors as a list, or one by one.
fn many(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    if let Some(Value::List(_)) = arguments.peek("tensors") {
        return arguments.take("tensors");
    }
    let mut tensors = Vec::new();
    while arguments.peek("tensors").is_some() {
        tensors.push(arguments.take("tensors")?);
    }
    Ok(tensors)
}

/// `f(*tensors)`, each by itself.
fn each(arguments: &mut Arguments, operation: impl Fn(&Tensor) -> Tensor) -> Result<Vec<Tensor>> {
    Ok(many(arguments)?.iter().map(operation).collect())
}

/// `f(input, offset=0, dim1=-2, dim2=-1)`.
fn diag_embed(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let offset = arguments.or("offset", 0)?;
    let dim1 = arguments.or("dim1", -2)?;
    one(input.diag_embed(offset, dim1, arguments.or("dim2", -1)?))
}

/// `f(input, offset=0)`.
fn with_offset(arguments: &mut Arguments, operation: impl Fn(&Tensor, isize) -> Tensor) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, arguments.or("offset", 0)?))
}

/// `f(input, n=1, dim=-1, prepend=None, append=None)`.
fn diff(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let n = arguments.or("n", 1)?;
    let dim = arguments.or("dim", -1)?;
    let (front, back): (Option<Tensor>, Option<Tensor>) =
        (arguments.optional("prepend")?, arguments.optional("append")?);
    let parts: Vec<&Tensor> = front.iter().chain([&input]).chain(&back).collect();
    one(if n == 0 || parts.len() == 1 { input.diff(n, dim) } else { Tensor::cat(&parts, dim).diff(n, dim) })
}

/// `f(*tensors, indexing='ij')`.
fn meshgrid(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let indexing = match arguments.keyword("indexing", "ij".to_owned())?.as_str() {
        "ij" => Indexing::Matrix,
        "xy" => Indexing::Plane,
        other => anyhow::bail!("argument indexing cannot be {other:?}"),
    };
    Ok(Tensor::meshgrid(&many(arguments)?.iter().collect::<Vec<_>>(), indexing))
}

/// `f(input, k=1, dims=(0, 1))`.
fn rot90(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let k = arguments.or("k", 1)?;
    let dims: Vec<isize> = arguments.or("dims", vec![0, 1])?;
    one(input.rot90(k, dims.try_into().or_else(|dims| anyhow::bail!("argument dims is {dims:?}"))?))
}

/// `f(input, src, dim, index)`.
fn select_scatter(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (input, source): (Tensor, Tensor) = (arguments.take("input")?, arguments.take("src")?);
    let dim = arguments.take("dim")?;
    one(input.select_scatter(&source, dim, arguments.take("index")?))
}

/// `f(input, src, dim=0, start=None, end=None, step=1)`.
fn slice_scatter(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (input, source): (Tensor, Tensor) = (arguments.take("input")?, arguments.take("src")?);
    let dim = arguments.or("dim", 0)?;
    let start = arguments.optional("start")?.unwrap_or(0);
    let end = arguments.optional("end")?.unwrap_or(isize::MAX);
    one(input.slice_scatter(&source, dim, start, end, arguments.or("step", 1)?))
}
