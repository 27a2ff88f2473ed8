//! Operations that move elements or name them anew.

use anyhow::Result;
use jimu::{Dims, Tensor};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "broadcast_to" | "expand" => |a| with_sizes(a, "size", |x, sizes| x.expand(sizes)),
        "cat" => |a| join(a, |tensors, dim| Tensor::cat(tensors, dim)),
        "flatten" => flatten,
        "movedim" => movedim,
        "narrow" => narrow,
        "permute" => |a| with_sizes(a, "dims", |x, dims| x.permute(dims)),
        "reshape" => |a| with_sizes(a, "shape", |x, sizes| x.reshape(sizes)),
        "select" => select,
        "slice" => slice,
        "squeeze" => squeeze,
        "stack" => |a| join(a, |tensors, dim| Tensor::stack(tensors, dim)),
        "t" => |a| unary(a, Tensor::t),
        "transpose" => transpose,
        "unflatten" => unflatten,
        "unsqueeze" => unsqueeze,
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
