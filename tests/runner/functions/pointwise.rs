//! Operations on each element.

use anyhow::{Result, bail};
use jimu::{Rounding, Scalar, Tensor, TensorOrScalar};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;
use crate::runner::value::{Operand, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "abs" => |a| unary(a, Tensor::abs),
        "ceil" => |a| unary(a, Tensor::ceil),
        "cos" => |a| unary(a, Tensor::cos),
        "erf" => |a| unary(a, Tensor::erf),
        "exp" => |a| unary(a, Tensor::exp),
        "exp2" => |a| unary(a, Tensor::exp2),
        "expm1" => |a| unary(a, Tensor::expm1),
        "floor" => |a| unary(a, Tensor::floor),
        "frac" => |a| unary(a, Tensor::frac),
        "isfinite" => |a| unary(a, Tensor::isfinite),
        "isinf" => |a| unary(a, Tensor::isinf),
        "isnan" => |a| unary(a, Tensor::isnan),
        "log" => |a| unary(a, Tensor::log),
        "log10" => |a| unary(a, Tensor::log10),
        "log1p" => |a| unary(a, Tensor::log1p),
        "log2" => |a| unary(a, Tensor::log2),
        "logical_not" => |a| unary(a, Tensor::logical_not),
        "neg" => |a| unary(a, Tensor::neg),
        "reciprocal" => |a| unary(a, Tensor::reciprocal),
        "relu" => |a| unary(a, Tensor::relu),
        "rsqrt" => |a| unary(a, Tensor::rsqrt),
        "sigmoid" => |a| unary(a, Tensor::sigmoid),
        "sign" => |a| unary(a, Tensor::sign),
        "sin" => |a| unary(a, Tensor::sin),
        "sqrt" => |a| unary(a, Tensor::sqrt),
        "square" => |a| unary(a, Tensor::square),
        "tan" => |a| unary(a, Tensor::tan),
        "tanh" => |a| unary(a, Tensor::tanh),
        "trunc" => |a| unary(a, Tensor::trunc),
        "round" => round,

        "add" => |a| with_alpha(a, |x, y| x + y, |x, y| x + y, |x, y| x + y),
        "sub" => |a| with_alpha(a, |x, y| x - y, |x, y| x - y, |x, y| x - y),
        "mul" => |a| arithmetic(a, |x, y| x * y, |x, y| x * y, |x, y| x * y),
        "div" => div,
        "true_divide" => |a| arithmetic(a, |x, y| x / y, |x, y| x / y, |x, y| x / y),
        "atan2" => atan2,
        "floor_divide" => |a| binary(a, "other", |x, y| x.floor_divide(y)),
        "fmod" => |a| binary(a, "other", |x, y| x.fmod(y)),
        "maximum" => |a| binary(a, "other", |x, y| x.maximum(y)),
        "minimum" => |a| binary(a, "other", |x, y| x.minimum(y)),
        "pow" => |a| binary(a, "exponent", |x, y| x.pow(y)),
        "remainder" => |a| binary(a, "other", |x, y| x.remainder(y)),

        "eq" => |a| binary(a, "other", |x, y| x.eq(y)),
        "ge" => |a| binary(a, "other", |x, y| x.ge(y)),
        "gt" => |a| binary(a, "other", |x, y| x.gt(y)),
        "le" => |a| binary(a, "other", |x, y| x.le(y)),
        "lt" => |a| binary(a, "other", |x, y| x.lt(y)),
        "ne" => |a| binary(a, "other", |x, y| x.ne(y)),
        "logical_and" => |a| binary(a, "other", |x, y| x.logical_and(y)),
        "logical_or" => |a| binary(a, "other", |x, y| x.logical_or(y)),
        "logical_xor" => |a| binary(a, "other", |x, y| x.logical_xor(y)),

        "clamp" => clamp,
        "masked_fill" => masked_fill,
        "where" => where_,
        _ => return None,
    })
}

/// `f(input, *, decimals=0)`.
fn round(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(match arguments.keyword("decimals", 0_i64)? {
        0 => input.round(),
        decimals => input.round_decimals(decimals.try_into()?),
    })
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

/// `f(input, other, *, rounding_mode=None)`.
fn div(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let rounding = match arguments.keyword::<Option<String>>("rounding_mode", None)?.as_deref() {
        None => return arithmetic(arguments, |x, y| x / y, |x, y| x / y, |x, y| x / y),
        Some("floor") => Rounding::Floor,
        Some("trunc") => Rounding::Trunc,
        Some(other) => bail!("argument rounding_mode cannot be {other:?}"),
    };
    binary(arguments, "other", |x, y| x.div_rounded(y, rounding))
}

fn atan2(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.atan2(&arguments.take("other")?))
}

/// `f(input, other)` with a tensor or a number for `other`.
fn binary(
    arguments: &mut Arguments,
    name: &str,
    operation: impl Fn(&Tensor, TensorOrScalar<'_>) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let other: Operand = arguments.take(name)?;
    one(operation(&input, other.borrow()))
}

/// `f(input, min=None, max=None)`; a bound that is `None` does not bind.
fn clamp(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (min, max): (Option<Operand>, Option<Operand>) = (arguments.optional("min")?, arguments.optional("max")?);
    one(match (&min, &max) {
        (Some(min), Some(max)) => input.clamp(min.borrow(), max.borrow()),
        (Some(min), None) => input.clamp_min(min.borrow()),
        (None, Some(max)) => input.clamp_max(max.borrow()),
        (None, None) => bail!("one of the arguments min and max must be given"),
    })
}

fn masked_fill(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (mask, value): (Tensor, Operand) = (arguments.take("mask")?, arguments.take("value")?);
    one(input.masked_fill(&mask, value.borrow()))
}

/// The table puts the tensor first: `f(input, condition, other)`.
fn where_(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Operand = arguments.take("input")?;
    let condition: Tensor = arguments.take("condition")?;
    let other: Operand = arguments.take("other")?;
    one(condition.where_(input.borrow(), other.borrow()))
}

/// `max` and `min` of two tensors, told from the reductions of that name by the kind of their second argument.
pub(super) fn compares_two(arguments: &Arguments) -> bool {
    arguments.peek_at(1, "other").is_some_and(Value::is_tensor)
}
