//! Operations on each element.

use anyhow::{Result, bail};
use jimu::{DType, Rounding, Scalar, Shape, Tensor, TensorOrScalar};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;
use crate::runner::value::{Operand, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "abs" => |a| unary(a, Tensor::abs),
        "acos" => |a| unary(a, Tensor::acos),
        "acosh" => |a| unary(a, Tensor::acosh),
        "asin" => |a| unary(a, Tensor::asin),
        "asinh" => |a| unary(a, Tensor::asinh),
        "atan" => |a| unary(a, Tensor::atan),
        "atanh" => |a| unary(a, Tensor::atanh),
        "ceil" => |a| unary(a, Tensor::ceil),
        "cos" => |a| unary(a, Tensor::cos),
        "cosh" => |a| unary(a, Tensor::cosh),
        "erf" => |a| unary(a, Tensor::erf),
        "erfc" => |a| unary(a, Tensor::erfc),
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
        "logit" => logit,
        "nan_to_num" => nan_to_num,
        "neg" => |a| unary(a, Tensor::neg),
        "reciprocal" => |a| unary(a, Tensor::reciprocal),
        "relu" => |a| unary(a, Tensor::relu),
        "rsqrt" => |a| unary(a, Tensor::rsqrt),
        "sigmoid" => |a| unary(a, Tensor::sigmoid),
        "sign" => |a| unary(a, Tensor::sign),
        "sin" => |a| unary(a, Tensor::sin),
        "sinh" => |a| unary(a, Tensor::sinh),
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
        "addcdiv" => |a| addc(a, Tensor::addcdiv),
        "addcmul" => |a| addc(a, Tensor::addcmul),
        "allclose" => |a| close(a, |x, y, rtol, atol, nan| Tensor::new(x.allclose(y, rtol, atol, nan))),
        "atan2" => |a| pair(a, Tensor::atan2),
        "equal" => |a| pair(a, |x, y| Tensor::new(x.equal(y))),
        "hypot" => |a| pair(a, Tensor::hypot),
        "isclose" => |a| close(a, Tensor::isclose),
        "lerp" => lerp,
        "logaddexp" => |a| pair(a, Tensor::logaddexp),
        "logaddexp2" => |a| pair(a, Tensor::logaddexp2),
        "xlogy" => |a| binary(a, "other", |x, y| x.xlogy(y)),
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
        "clamp_max" => |a| binary(a, "max", |x, y| x.clamp_max(y)),
        "clamp_min" => |a| binary(a, "min", |x, y| x.clamp_min(y)),
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

/// The input of a function of two, which may be a number as long as `other` is a tensor. It raises the kind of the
/// result, not the width.
fn left(arguments: &mut Arguments, other: &str) -> Result<Tensor> {
    let number = match arguments.take("input")? {
        Operand::Tensor(input) => return Ok(input),
        Operand::Scalar(number) => number,
    };
    let beside = match arguments.peek(other) {
        Some(Value::Tensor(other)) => other.dtype(),
        _ => DType::Bool,
    };
    let own = match number {
        Scalar::Bool(_) => DType::Bool,
        Scalar::Int(_) if beside == DType::Bool => DType::I64,
        Scalar::Int(_) => DType::Bool,
        Scalar::Float(_) if beside.is_floating_point() => DType::Bool,
        Scalar::Float(_) => DType::F32,
    };
    Ok(Tensor::full_of(Shape::default(), number, beside.max(own)))
}

/// One of the four operators, with a tensor or a number on the right.
fn arithmetic(
    arguments: &mut Arguments,
    tensors: fn(&Tensor, &Tensor) -> Tensor,
    int: fn(&Tensor, i64) -> Tensor,
    float: fn(&Tensor, f64) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input = left(arguments, "other")?;
    one(match arguments.take::<Operand>("other")? {
        Operand::Tensor(other) => tensors(&input, &other),
        Operand::Scalar(Scalar::Int(other)) => int(&input, other),
        Operand::Scalar(Scalar::Float(other)) => float(&input, other),
        Operand::Scalar(Scalar::Bool(other)) => tensors(&input, &Tensor::new(other)),
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
    let input = left(arguments, "other")?;
    one(match (arguments.take::<Operand>("other")?, alpha) {
        // Among truth values the factor is one, too.
        (Operand::Tensor(other), alpha) if input.dtype() == DType::Bool && other.dtype() == DType::Bool => {
            tensors(&input, &other.logical_and(alpha.to_f64() != 0.0))
        }
        (Operand::Scalar(Scalar::Bool(other)), alpha) if input.dtype() == DType::Bool => {
            tensors(&input, &Tensor::new(other && alpha.to_f64() != 0.0))
        }
        (Operand::Scalar(Scalar::Bool(other)), Scalar::Int(alpha)) => int(&input, i64::from(other) * alpha),
        (Operand::Tensor(other), Scalar::Bool(true)) => tensors(&input, &other),
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

/// `f(input, other)` with a tensor for `other`.
fn pair(arguments: &mut Arguments, operation: impl Fn(&Tensor, &Tensor) -> Tensor) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, &arguments.take("other")?))
}

/// `f(input, tensor1, tensor2, *, value=1)`.
fn addc(
    arguments: &mut Arguments,
    operation: impl Fn(&Tensor, &Tensor, &Tensor, Scalar) -> Tensor,
) -> Result<Vec<Tensor>> {
    let value = arguments.keyword("value", Scalar::Int(1))?;
    let input: Tensor = arguments.take("input")?;
    let first: Tensor = arguments.take("tensor1")?;
    one(operation(&input, &first, &arguments.take("tensor2")?, value))
}

/// `f(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)`.
fn close(
    arguments: &mut Arguments,
    operation: impl Fn(&Tensor, &Tensor, f64, f64, bool) -> Tensor,
) -> Result<Vec<Tensor>> {
    let (input, other): (Tensor, Tensor) = (arguments.take("input")?, arguments.take("other")?);
    let (rtol, atol) = (arguments.or("rtol", 1e-5)?, arguments.or("atol", 1e-8)?);
    one(operation(&input, &other, rtol, atol, arguments.or("equal_nan", false)?))
}

/// `f(input, end, weight)`.
fn lerp(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (input, end): (Tensor, Tensor) = (arguments.take("input")?, arguments.take("end")?);
    let weight: Operand = arguments.take("weight")?;
    one(input.lerp(&end, weight.borrow()))
}

/// `f(input, eps=None)`.
fn logit(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.logit(arguments.optional::<f64>("eps")?))
}

/// `f(input, nan=None, posinf=None, neginf=None)`.
fn nan_to_num(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let nan = arguments.optional("nan")?.unwrap_or(0.0);
    let positive: Option<f64> = arguments.optional("posinf")?;
    one(input.nan_to_num(nan, positive, arguments.optional::<f64>("neginf")?))
}

/// `f(input, other)` with a tensor or a number for `other`.
fn binary(
    arguments: &mut Arguments,
    name: &str,
    operation: impl Fn(&Tensor, TensorOrScalar<'_>) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input = left(arguments, name)?;
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
