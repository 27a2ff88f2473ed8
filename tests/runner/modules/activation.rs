//! Activations.

use anyhow::{Result, bail};
use jimu::nn::functional::Approximate;
use jimu::nn::{
    Block, CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSigmoid,
    LogSoftmax, Mish, PReLU, RReLU, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softmax2d, Softmin, Softplus,
    Softshrink, Softsign, Tanh, Tanhshrink, Threshold,
};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;
use crate::runner::value::Value;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "CELU" => |a| {
            let alpha = a.or("alpha", 1.0)?;
            in_place(a, CELU::new().alpha(alpha))
        },
        "ELU" => |a| {
            let alpha = a.or("alpha", 1.0)?;
            in_place(a, ELU::new().alpha(alpha))
        },
        "GELU" => gelu,
        "GLU" => |a| Layer::of_input(GLU::new().dim(a.or("dim", -1)?)),
        "Hardshrink" => |a| Layer::of_input(Hardshrink::new().lambda(a.or("lambd", 0.5)?)),
        "Hardsigmoid" => |a| in_place(a, Hardsigmoid),
        "Hardswish" => |a| in_place(a, Hardswish),
        "Hardtanh" => hardtanh,
        "Identity" => identity,
        "LeakyReLU" => |a| {
            let slope = a.or("negative_slope", 0.01)?;
            in_place(a, LeakyReLU::new().negative_slope(slope))
        },
        "LogSigmoid" => |_| Layer::of_input(LogSigmoid),
        "LogSoftmax" => |a| Layer::of_input(LogSoftmax::new(a.take("dim")?)),
        "Mish" => |a| in_place(a, Mish),
        "PReLU" => |a| {
            let slopes = a.or("num_parameters", 1)?;
            Layer::of_input(PReLU::new().num_parameters(slopes).init(a.or("init", 0.25)?))
        },
        "RReLU" => |a| {
            let layer = RReLU::new().lower(a.or("lower", 1.0 / 8.0)?).upper(a.or("upper", 1.0 / 3.0)?);
            in_place(a, layer)
        },
        "ReLU" => |a| in_place(a, ReLU),
        "ReLU6" => |a| in_place(a, ReLU6),
        "SELU" => |a| in_place(a, SELU),
        "SiLU" => |a| in_place(a, SiLU),
        "Sigmoid" => |_| Layer::of_input(Sigmoid),
        "Softmax" => |a| Layer::of_input(Softmax::new(a.take("dim")?)),
        "Softmax2d" => |_| Layer::of_input(Softmax2d),
        "Softmin" => |a| Layer::of_input(Softmin::new(a.take("dim")?)),
        "Softplus" => |a| {
            let beta = a.or("beta", 1.0)?;
            Layer::of_input(Softplus::new().beta(beta).threshold(a.or("threshold", 20.0)?))
        },
        "Softshrink" => |a| Layer::of_input(Softshrink::new().lambda(a.or("lambd", 0.5)?)),
        "Softsign" => |_| Layer::of_input(Softsign),
        "Tanh" => |_| Layer::of_input(Tanh),
        "Tanhshrink" => |_| Layer::of_input(Tanhshrink),
        "Threshold" => |a| {
            let layer = Threshold::new(a.take("threshold")?, a.take("value")?);
            in_place(a, layer)
        },
        _ => return None,
    })
}

/// A layer whose last option is `inplace=False`; whether memory is used again changes no value.
fn in_place(arguments: &mut Arguments, layer: impl Block + 'static) -> Result<Layer> {
    arguments.or("inplace", false)?;
    Layer::of_input(layer)
}

fn gelu(arguments: &mut Arguments) -> Result<Layer> {
    let approximate = match arguments.or("approximate", "none".to_owned())?.as_str() {
        "none" => Approximate::None,
        "tanh" => Approximate::Tanh,
        other => bail!("argument approximate cannot be {other:?}"),
    };
    Layer::of_input(GELU::new().approximate(approximate))
}

/// `Hardtanh(min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None)`, the last two being old names.
fn hardtanh(arguments: &mut Arguments) -> Result<Layer> {
    let (min, max) = (arguments.or("min_val", -1.0)?, arguments.or("max_val", 1.0)?);
    arguments.or("inplace", false)?;
    let min = arguments.optional("min_value")?.unwrap_or(min);
    let max = arguments.optional("max_value")?.unwrap_or(max);
    Layer::of_input(Hardtanh::new().min_val(min).max_val(max))
}

/// `Identity(*args, **kwargs)` takes anything.
fn identity(arguments: &mut Arguments) -> Result<Layer> {
    while arguments.peek("").is_some() {
        arguments.take::<Value>("")?;
    }
    Layer::of_input(Identity)
}
