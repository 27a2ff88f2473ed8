//! What the losses' arguments have in common, as functions and as layers.

use anyhow::{Context, Result, bail};
use jimu::Tensor;
use jimu::nn::functional::{KLDivReduction, Reduction};

use super::arguments::Arguments;
use super::value::{FromValue, Value};

fn named(name: &str) -> Result<Reduction> {
    Ok(match name {
        "mean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        "none" => Reduction::None,
        other => bail!("argument reduction cannot be {other:?}"),
    })
}

/// What the old arguments `size_average` and `reduce` say, if one of them is given.
pub fn legacy(size_average: Option<bool>, reduce: Option<bool>) -> Option<Reduction> {
    if size_average.is_none() && reduce.is_none() {
        return None;
    }
    Some(match (size_average.unwrap_or(true), reduce.unwrap_or(true)) {
        (_, false) => Reduction::None,
        (true, true) => Reduction::Mean,
        (false, true) => Reduction::Sum,
    })
}

/// `size_average=None, reduce=None, reduction='mean'`.
///
/// # Errors
/// If there is no such reduction.
pub fn reduction(arguments: &mut Arguments) -> Result<Reduction> {
    let old = legacy(arguments.optional("size_average")?, arguments.optional("reduce")?);
    new_reduction(arguments, old)
}

/// `size_average=None, NAME=DEFAULT, reduce=None, reduction='mean'`, where one argument stands between the old two.
///
/// # Errors
/// If there is no such reduction, or the argument is of another kind.
pub fn reduction_around<T>(
    arguments: &mut Arguments,
    between: impl FnOnce(&mut Arguments) -> Result<T>,
) -> Result<(T, Reduction)> {
    let size_average = arguments.optional("size_average")?;
    let value = between(arguments)?;
    let old = legacy(size_average, arguments.optional("reduce")?);
    Ok((value, new_reduction(arguments, old)?))
}

/// `reduction='mean'`, unless the old arguments say another.
///
/// # Errors
/// If there is no such reduction.
pub fn new_reduction(arguments: &mut Arguments, old: Option<Reduction>) -> Result<Reduction> {
    let new = named(&arguments.or("reduction", "mean".to_owned())?)?;
    Ok(old.unwrap_or(new))
}

/// `input_lengths` and `target_lengths` of a CTC loss: tensors, lists, or numbers.
///
/// # Errors
/// If one is missing or something else.
pub fn lengths(arguments: &mut Arguments) -> Result<[Tensor; 2]> {
    let mut next = |name: &str| {
        let value: Value = arguments.take(name)?;
        let list = Vec::<i64>::from_value(&value).map(|lengths| Tensor::from_vec(lengths.clone(), lengths.len()));
        let number = || i64::from_value(&value).map(Tensor::new);
        list.or_else(number).or_else(|| Tensor::from_value(&value)).with_context(|| format!("{name} holds no lengths"))
    };
    Ok([next("input_lengths")?, next("target_lengths")?])
}

/// `size_average=None, reduce=None, reduction='mean'`, which can also be `'batchmean'`.
///
/// # Errors
/// If there is no such reduction.
pub fn kl_div_reduction(arguments: &mut Arguments) -> Result<KLDivReduction> {
    let old = legacy(arguments.optional("size_average")?, arguments.optional("reduce")?);
    let name: String = arguments.or("reduction", "mean".to_owned())?;
    Ok(match (old, name.as_str()) {
        (Some(old), _) => old.into(),
        (None, "batchmean") => KLDivReduction::BatchMean,
        (None, name) => named(name)?.into(),
    })
}
