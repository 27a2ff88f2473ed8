//! Tensors made from numbers.

use anyhow::{Result, bail};
use jimu::{DType, Scalar, Shape, Tensor};

use super::Function;
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "arange" => arange,
        "eye" => eye,
        "full" => full,
        "linspace" => linspace,
        "ones" => |a| filled(a, 1.0),
        "zeros" => |a| filled(a, 0.0),
        _ => return None,
    })
}

/// `arange(end)`, `arange(start, end)` or `arange(start, end, step)`.
fn arange(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let first: Option<Scalar> = match arguments.peek("start") {
        Some(_) => Some(arguments.take("start")?),
        None => None,
    };
    let second: Option<Scalar> = match arguments.peek("end") {
        Some(_) => Some(arguments.take("end")?),
        None => None,
    };
    let (start, end) = match (first, second) {
        (Some(start), Some(end)) => (start, end),
        (Some(end), None) | (None, Some(end)) => (Scalar::Int(0), end),
        (None, None) => bail!("argument end is missing"),
    };
    let step = arguments.or("step", Scalar::Int(1))?;
    let made = match arguments.keyword("dtype", None)? {
        Some(dtype) => Tensor::arange_of(start, end, step, dtype),
        None => Tensor::arange_step(start, end, step),
    };
    finish(arguments, made)
}

fn eye(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let n: usize = arguments.take("n")?;
    let m = arguments.optional("m")?.unwrap_or(n);
    finish(arguments, Tensor::eye_of(n, m, DType::F32))
}

fn full(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let size: Shape = arguments.take("size")?;
    let value: Scalar = arguments.take("fill_value")?;
    finish(arguments, Tensor::full(size, value))
}

fn filled(arguments: &mut Arguments, value: f64) -> Result<Vec<Tensor>> {
    let size: Shape = arguments.take("size")?;
    finish(arguments, Tensor::full(size, value))
}

fn linspace(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (start, end) = (arguments.take("start")?, arguments.take("end")?);
    let steps = arguments.take("steps")?;
    let dtype = arguments.keyword("dtype", None)?.unwrap_or(DType::F32);
    finish(arguments, Tensor::linspace_of(start, end, steps, dtype))
}

/// Applies `dtype`, `device` and `requires_grad`.
fn finish(arguments: &mut Arguments, made: Tensor) -> Result<Vec<Tensor>> {
    let dtype = arguments.keyword("dtype", None)?.unwrap_or(made.dtype());
    let device = arguments.keyword::<Option<String>>("device", None)?;
    if let Some(device) = device.filter(|device| device != "cpu") {
        bail!("argument device cannot be {device:?} yet");
    }
    let made = made.to(dtype);
    Ok(vec![if arguments.keyword("requires_grad", false)? { made.requires_grad_() } else { made }])
}
