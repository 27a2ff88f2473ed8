//! Activations.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::nn::functional::{self, Approximate};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;
use crate::runner::functions::reduce::with_dtype;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "softmax" | "nn.functional.softmax" => |a| along_dim(a, Tensor::softmax),
        "log_softmax" | "nn.functional.log_softmax" => |a| along_dim(a, Tensor::log_softmax),
        "nn.functional.softmin" => |a| along_dim(a, functional::softmin),
        "nn.functional.glu" => glu,

        "nn.functional.logsigmoid" => |a| unary(a, functional::logsigmoid),
        "nn.functional.sigmoid" => |a| unary(a, Tensor::sigmoid),
        "nn.functional.softsign" => |a| unary(a, functional::softsign),
        "nn.functional.tanh" => |a| unary(a, Tensor::tanh),
        "nn.functional.tanhshrink" => |a| unary(a, functional::tanhshrink),
        "nn.functional.gelu" => gelu,

        "nn.functional.hardsigmoid" => |a| in_place(a, functional::hardsigmoid),
        "nn.functional.hardswish" => |a| in_place(a, functional::hardswish),
        "nn.functional.mish" => |a| in_place(a, functional::mish),
        "nn.functional.relu" => |a| in_place(a, Tensor::relu),
        "nn.functional.relu6" => |a| in_place(a, functional::relu6),
        "nn.functional.selu" => |a| in_place(a, functional::selu),
        "nn.functional.silu" => |a| in_place(a, functional::silu),

        "nn.functional.celu" => |a| with_option(a, "alpha", 1.0, functional::celu),
        "nn.functional.elu" => |a| with_option(a, "alpha", 1.0, functional::elu),
        "nn.functional.hardshrink" => |a| with_option(a, "lambd", 0.5, functional::hardshrink),
        "nn.functional.leaky_relu" => |a| with_option(a, "negative_slope", 0.01, functional::leaky_relu),
        "nn.functional.softshrink" => |a| with_option(a, "lambd", 0.5, functional::softshrink),

        "nn.functional.hardtanh" => hardtanh,
        "nn.functional.softplus" => softplus,
        "nn.functional.threshold" => threshold,
        _ => return None,
    })
}

/// `f(input, dim, *, dtype=None)`.
fn along_dim(arguments: &mut Arguments, operation: impl Fn(&Tensor, isize) -> Tensor) -> Result<Vec<Tensor>> {
    let input = with_dtype(arguments)?;
    one(operation(&input, arguments.take("dim")?))
}

fn glu(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(functional::glu(&input, arguments.or("dim", -1)?))
}

/// `f(input, *, approximate='none')`.
fn gelu(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let approximate = match arguments.keyword("approximate", "none".to_owned())?.as_str() {
        "none" => Approximate::None,
        "tanh" => Approximate::Tanh,
        other => bail!("argument approximate cannot be {other:?}"),
    };
    one(functional::gelu(&input, approximate))
}

/// `f(input, inplace=False)`; whether memory is used again changes no value.
fn in_place(arguments: &mut Arguments, operation: impl Fn(&Tensor) -> Tensor) -> Result<Vec<Tensor>> {
    let outputs = unary(arguments, operation)?;
    arguments.or("inplace", false)?;
    Ok(outputs)
}

/// `f(input, option=default, inplace=False)`.
fn with_option(
    arguments: &mut Arguments,
    name: &str,
    default: f64,
    operation: impl Fn(&Tensor, f64) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let option = arguments.or(name, default)?;
    arguments.or("inplace", false)?;
    one(operation(&input, option))
}

fn hardtanh(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (min, max) = (arguments.or("min_val", -1.0)?, arguments.or("max_val", 1.0)?);
    arguments.or("inplace", false)?;
    one(functional::hardtanh(&input, min, max))
}

fn softplus(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (beta, threshold) = (arguments.or("beta", 1.0)?, arguments.or("threshold", 20.0)?);
    one(functional::softplus(&input, beta, threshold))
}

fn threshold(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (threshold, value) = (arguments.take("threshold")?, arguments.take("value")?);
    arguments.or("inplace", false)?;
    one(functional::threshold(&input, threshold, value))
}
