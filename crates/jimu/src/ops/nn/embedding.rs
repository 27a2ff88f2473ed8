//! `embedding`: rows of a table, by index.

use std::collections::BTreeSet;

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, no_grad, try_apply};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::{index_add_checked, index_rule, index_select_checked};
use crate::tensor::Tensor;

/// The options of [`embedding`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingOptions {
    /// A row that receives no gradient; it may count from the end.
    pub padding_idx: Option<isize>,
    /// Rows that are looked up and have a larger norm are scaled down to this one, in place.
    pub max_norm: Option<f64>,
    /// The p of that norm.
    pub norm_type: f64,
    /// Whether the gradient of a row is divided by the number of times that it is looked up.
    pub scale_grad_by_freq: bool,
}

impl Default for EmbeddingOptions {
    fn default() -> Self {
        Self { padding_idx: None, max_norm: None, norm_type: 2.0, scale_grad_by_freq: false }
    }
}

/// Inputs: the table and the 1-d index. The table's gradient passes `factors`, one for each element of the index.
struct Embedding {
    rows: usize,
    factors: Option<Tensor>,
}

impl Operation for Embedding {
    const NAME: &'static str = "embedding";

    fn saves(&self) -> Saves {
        Saves::These(0b10)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), [inputs[1].numel(), inputs[0].shape()[1]]))
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        index_select_checked(inputs[0], 0, inputs[1])
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = || {
            let rows = self.factors.as_ref().map_or_else(|| grad.clone(), |factors| grad * factors);
            index_add_checked(&rows, 0, self.rows, &context.input(1))
        };
        [context.needs(0).then(gradient), None].into_iter().collect()
    }
}

/// What the gradient of each looked-up row is multiplied by, [n, 1]; none if by 1.
fn factors(index: &Tensor, dtype: DType, rows: usize, padding: Option<usize>, by_frequency: bool) -> Option<Tensor> {
    if (padding.is_none() && !by_frequency) || index.is_meta() {
        return None;
    }
    let index = index.to_vec::<i64>();
    let mut counts = vec![0u64; rows];
    index.iter().for_each(|&row| counts[row as usize] += 1);
    let factor = |&row: &i64| match row as usize {
        row if Some(row) == padding => 0.0,
        row if by_frequency => 1.0 / counts[row] as f64,
        _ => 1.0,
    };
    let factors: Vec<f64> = index.iter().map(factor).collect();
    Some(Tensor::from_vec(factors, [index.len(), 1]).to(dtype))
}

/// Scales the rows that `index` names down to the norm `max_norm`, in place.
fn renorm(weight: &Tensor, index: &Tensor, max_norm: f64, norm_type: f64) {
    if weight.is_meta() || index.is_meta() {
        return;
    }
    no_grad(|| {
        for row in index.to_vec::<i64>().into_iter().collect::<BTreeSet<_>>() {
            let row = row as isize;
            let values = weight.select(0, row);
            let norm = values.norm(norm_type).item();
            if norm > max_norm {
                weight.set(row, &(values * (max_norm / (norm + 1e-7))));
            }
        }
    });
}

/// The padding row counted from the start, and the index as a list.
fn rule(indices: &Tensor, weight: &Tensor, options: &EmbeddingOptions) -> Result<(Option<usize>, Tensor), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("embedding", problem).help(help));
    if weight.dim() != 2 {
        return refuse(
            format!("the weight must have the shape [num_embeddings, embedding_dim], but has {}", weight.shape()),
            "give one row for each index",
        );
    }
    let rows = weight.shape()[0];
    let padding = match options.padding_idx {
        Some(row) if row < -(rows as isize) || row >= rows as isize => {
            return refuse(format!("padding_idx {row} is out of range for {rows} embeddings"), "name one of the rows");
        }
        Some(row) => Some(row.rem_euclid(rows as isize) as usize),
        None => None,
    };
    let index = index_rule(indices, rows, "embedding")?.reshape([-1]);
    Ok((padding, index))
}

pub(crate) fn try_embedding(
    indices: &Tensor,
    weight: &Tensor,
    options: &EmbeddingOptions,
) -> Result<Tensor, ShapeError> {
    let (padding, index) = rule(indices, weight, options)?;
    if let Some(max_norm) = options.max_norm {
        renorm(weight, &index, max_norm, options.norm_type);
    }
    let (rows, width) = (weight.shape()[0], weight.shape()[1]);
    let factors = factors(&index, weight.dtype(), rows, padding, options.scale_grad_by_freq);
    let output = try_apply(Embedding { rows, factors }, &[weight, &index])?;
    let sizes: Vec<usize> = indices.shape().iter().copied().chain([width]).collect();
    Ok(output.reshape(sizes))
}

/// The rows of `weight` that `indices` name:
/// [`torch.nn.functional.embedding`](https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html).
/// PyTorch's `sparse` has no counterpart: gradients are dense.
///
/// # Shape
/// - `indices`: any, of whole numbers; `weight`: (num_embeddings, embedding_dim).
/// - Output: (*, embedding_dim), where * is the shape of `indices`.
///
/// # Panics
/// If an index is out of range, or the shapes or types do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{EmbeddingOptions, embedding}};
/// let table = Tensor::new([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]]);
/// let rows = embedding(&Tensor::new([2, 0]), &table, &EmbeddingOptions::default());
/// assert_eq!(rows.to_vec::<f32>(), [2.0, 2.1, 0.0, 0.1]);
/// ```
#[track_caller]
pub fn embedding(indices: &Tensor, weight: &Tensor, options: &EmbeddingOptions) -> Tensor {
    try_embedding(indices, weight, options).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let indices = Tensor::new([[2, 0], [2, 1]]);
        for padding_idx in [None, Some(-1)] {
            let options = EmbeddingOptions { padding_idx, ..Default::default() };
            // The padding row's gradient is 0 by definition, so that differences are taken of the other rows.
            let weight = variable([3, 2]);
            let rows = [0, 1].map(|row| weight.select(0, row).detach().requires_grad_());
            let fixed = weight.select(0, 2).detach();
            check(|x| embedding(&indices, &Tensor::stack(&[x[0], x[1], &fixed], 0), &options), &[&rows[0], &rows[1]]);
        }
    }

    #[test]
    fn gradients_of_padding_and_of_frequent_rows() {
        let gradient = |options: EmbeddingOptions| {
            let weight = Tensor::ones([3, 1]).requires_grad_();
            embedding(&Tensor::new([2, 0, 2, 2]), &weight, &options).sum().backward();
            weight.grad().unwrap().to_vec::<f32>()
        };
        assert_eq!(gradient(EmbeddingOptions::default()), [1.0, 0.0, 3.0]);
        assert_eq!(gradient(EmbeddingOptions { padding_idx: Some(-1), ..Default::default() }), [1.0, 0.0, 0.0]);
        assert_eq!(gradient(EmbeddingOptions { scale_grad_by_freq: true, ..Default::default() }), [1.0, 0.0, 1.0]);
    }

    #[test]
    fn rows_that_are_too_long_are_shortened_in_place() {
        let weight = Tensor::new([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]]);
        let options = EmbeddingOptions { max_norm: Some(1.0), ..Default::default() };
        let rows = embedding(&Tensor::new([0, 1]), &weight, &options);
        assert!((rows - Tensor::new([[0.6, 0.8], [0.3, 0.4]])).abs().max().item() < 1e-6);
        assert_eq!(weight.select(0, 2).to_vec::<f32>(), [6.0, 8.0]);
    }

    #[test]
    #[should_panic(expected = "embedding: index 3 is out of range for a dimension of size 3")]
    fn refusal() {
        embedding(&Tensor::new([3]), &Tensor::zeros([3, 2]), &EmbeddingOptions::default());
    }
}
