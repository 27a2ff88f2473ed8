//! Products of vectors and matrices, and the functions on vectors built on them.

use anyhow::{Result, bail};
use jimu::nn::functional;
use jimu::{Dims, Tensor};

use super::{Function, one, unary};
use crate::runner::arguments::Arguments;
use crate::runner::value::{FromValue, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "addbmm" => |a| add_product(a, ["batch1", "batch2"], Tensor::addbmm),
        "addmm" => |a| add_product(a, ["mat1", "mat2"], Tensor::addmm),
        "addmv" => |a| add_product(a, ["mat", "vec"], Tensor::addmv),
        "addr" => |a| add_product(a, ["vec1", "vec2"], Tensor::addr),
        "baddbmm" => |a| add_product(a, ["batch1", "batch2"], Tensor::baddbmm),
        "bmm" => |a| product(a, "mat2", Tensor::bmm),
        "cross" => |a| cross(a, None),
        "dot" => |a| product(a, "tensor", Tensor::dot),
        "einsum" => einsum,
        "inner" => |a| product(a, "other", Tensor::inner),
        "kron" => |a| product(a, "other", Tensor::kron),
        "matmul" => |a| product(a, "other", Tensor::matmul),
        "linalg.cross" => |a| cross(a, Some(-1)),
        "mm" => |a| product(a, "mat2", Tensor::mm),
        "mv" => |a| product(a, "vec", Tensor::mv),
        "outer" | "ger" => |a| product(a, "vec2", Tensor::outer),
        "tensordot" => tensordot,
        "trace" => |a| unary(a, Tensor::trace),
        "vdot" => |a| product(a, "other", Tensor::dot),

        "nn.functional.linear" => linear,
        "nn.functional.normalize" => normalize,
        _ => return None,
    })
}

/// `f(input, other)`.
fn product(
    arguments: &mut Arguments,
    name: &str,
    operation: impl Fn(&Tensor, &Tensor) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, &arguments.take(name)?))
}

/// `f(input, a, b, *, beta=1, alpha=1)`.
fn add_product(
    arguments: &mut Arguments,
    names: [&str; 2],
    operation: impl Fn(&Tensor, &Tensor, &Tensor, f64, f64) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (a, b): (Tensor, Tensor) = (arguments.take(names[0])?, arguments.take(names[1])?);
    let (beta, alpha) = (arguments.keyword("beta", 1.0)?, arguments.keyword("alpha", 1.0)?);
    one(operation(&input, &a, &b, beta, alpha))
}

/// `f(input, other, dim=…)`, where no dimension means the first of size 3.
fn cross(arguments: &mut Arguments, default: Option<isize>) -> Result<Vec<Tensor>> {
    let (input, other): (Tensor, Tensor) = (arguments.take("input")?, arguments.take("other")?);
    let first = || input.shape().iter().position(|&size| size == 3).unwrap_or(0) as isize;
    let dim = arguments.optional("dim")?.or(default).unwrap_or_else(first);
    one(input.cross(&other, dim))
}

/// The table's `f(operands, equation)`, or PyTorch's `f(equation, operands)` with the operands as a list or one by one.
fn einsum(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let first: Value = arguments.take("equation")?;
    let (equation, operands): (String, Vec<Tensor>) = match first {
        Value::Text(equation) => (equation, operands(arguments)?),
        Value::List(_) => {
            let operands = FromValue::read(&first)?;
            (arguments.take("equation")?, operands)
        }
        other => bail!("argument equation is {}", other.describe()),
    };
    one(Tensor::einsum(&equation, &operands.iter().collect::<Vec<_>>()))
}

fn operands(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    if let Some(Value::List(_)) = arguments.peek("operands") {
        return arguments.take("operands");
    }
    let mut operands = Vec::new();
    while arguments.peek("operands").is_some() {
        operands.push(arguments.take("operands")?);
    }
    Ok(operands)
}

/// `f(a, b, dims=2)` with a number of dimensions or a list of those of each.
fn tensordot(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (a, b): (Tensor, Tensor) = (arguments.take("a")?, arguments.take("b")?);
    one(match arguments.peek("dims") {
        Some(Value::List(_)) => {
            let dims: Vec<Dims> = arguments.take("dims")?;
            let [own, others] = <[Dims; 2]>::try_from(dims).or_else(|dims| bail!("argument dims is {dims:?}"))?;
            a.tensordot_dims(&b, own, others)
        }
        _ => a.tensordot(&b, arguments.or("dims", 2)?),
    })
}

/// `f(input, weight, bias=None)`.
fn linear(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (input, weight): (Tensor, Tensor) = (arguments.take("input")?, arguments.take("weight")?);
    let bias: Option<Tensor> = arguments.optional("bias")?;
    one(functional::linear(&input, &weight, bias.as_ref()))
}

/// `f(input, p=2.0, dim=1, eps=1e-12)`.
fn normalize(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let p = arguments.or("p", 2.0)?;
    let dims: Dims = arguments.or("dim", Dims::from(1))?;
    one(functional::normalize(&input, p, dims, arguments.or("eps", 1e-12)?))
}
