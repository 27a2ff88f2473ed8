//! Operations by PyTorch's names.

mod activation;
mod attention;
mod convolution;
mod creation;
mod image;
mod index;
mod linalg;
mod loss;
mod normalization;
mod pointwise;
mod pooling;
mod reduce;
mod shape;

use anyhow::Result;
use jimu::Tensor;

use super::arguments::Arguments;

/// Takes PyTorch's arguments and calls jimu's counterpart; the outputs are in PyTorch's order.
pub type Function = fn(&mut Arguments) -> Result<Vec<Tensor>>;

/// The counterpart of `target`. A suffix can name a variant, as in `norm.fro`: the arguments tell it all the same, so
/// what is not known by its whole name is looked up without the suffix.
pub fn find(target: &str) -> Option<Function> {
    exactly(target).or_else(|| exactly(target.rsplit_once('.')?.0))
}

fn exactly(name: &str) -> Option<Function> {
    let families = [
        activation::find,
        attention::find,
        convolution::find,
        creation::find,
        image::find,
        index::find,
        linalg::find,
        loss::find,
        normalization::find,
        pointwise::find,
        pooling::find,
        reduce::find,
        shape::find,
    ];
    families.into_iter().find_map(|family| family(name))
}

/// An operation on one tensor without options.
fn unary(arguments: &mut Arguments, operation: impl Fn(&Tensor) -> Tensor) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input))
}

/// The outputs of an operation with one output.
fn one(output: Tensor) -> Result<Vec<Tensor>> {
    Ok(vec![output])
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_suffix_names_a_variant() {
        assert!(find("exp").is_some() && find("sum.no_dim").is_some());
        assert!(find("no_such_function").is_none() && find("nn.functional.nothing").is_none());
    }
}
