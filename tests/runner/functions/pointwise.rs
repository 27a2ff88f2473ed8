//! Operations on each element.

use anyhow::{Result, bail};
use jimu::{Scalar, Tensor};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;
use crate::runner::value::Operand;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "exp" => |a| unary(a, Tensor::exp),
        "log" => |a| unary(a, Tensor::log),
        "neg" => |a| unary(a, Tensor::neg),
        "nn.functional.relu" | "relu" => relu,
        "sigmoid" => |a| unary(a, Tensor::sigmoid),
        "sqrt" => |a| unary(a, Tensor::sqrt),
        "tanh" => |a| unary(a, Tensor::tanh),

        "add" => |a| with_alpha(a, |x, y| x + y, |x, y| x + y, |x, y| x + y),
        "sub" => |a| with_alpha(a, |x, y| x - y, |x, y| x - y, |x, y| x - y),
        "mul" => |a| arithmetic(a, |x, y| x * y, |x, y| x * y, |x, y| x * y),
        "div" | "true_divide" => |a| arithmetic(a, |x, y| x / y, |x, y| x / y, |x, y| x / y),
        _ => return None,
    })
}

fn relu(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    arguments.or("inplace", false)?;
    one(input.relu())
}

/// One of the four operators, with a tensor or a number on the right.
fn arithmetic(
    arguments: &mut Arguments,
    tensors: fn(&Tensor, &Tensor) -> Tensor,
    int: fn(&Tensor, i64) -> Tensor,
    float: fn(&Tensor, f64) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(match arguments.take::<Operand>("other")? {
        Operand::Tensor(other) => tensors(&input, &other),
        Operand::Scalar(Scalar::Int(other)) => int(&input, other),
        Operand::Scalar(Scalar::Float(other)) => float(&input, other),
        Operand::Scalar(Scalar::Bool(_)) => bail!("argument other is a bool"),
    })
}

/// `add` and `sub`, whose other operand can be multiplied by `alpha`.
fn with_alpha(
    arguments: &mut Arguments,
    tensors: fn(&Tensor, &Tensor) -> Tensor,
    int: fn(&Tensor, i64) -> Tensor,
    float: fn(&Tensor, f64) -> Tensor,
) -> Result<Vec<Tensor>> {
    let alpha: Scalar = arguments.keyword("alpha", Scalar::Int(1))?;
    let input: Tensor = arguments.take("input")?;
    one(match (arguments.take::<Operand>("other")?, alpha) {
        (Operand::Tensor(other), Scalar::Int(1)) => tensors(&input, &other),
        (Operand::Tensor(other), Scalar::Int(alpha)) => tensors(&input, &(other * alpha)),
        (Operand::Tensor(other), alpha) => tensors(&input, &(other * alpha.to_f64())),
        (Operand::Scalar(Scalar::Int(other)), Scalar::Int(alpha)) => int(&input, other * alpha),
        (Operand::Scalar(other), alpha) => float(&input, other.to_f64() * alpha.to_f64()),
    })
}
