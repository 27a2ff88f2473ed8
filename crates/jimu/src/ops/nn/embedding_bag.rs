//! `embedding_bag`: sums, means and maxima of rows of a table.

use super::embedding::{EmbeddingOptions, try_embedding};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::{index_add_checked, index_rule};
use crate::tensor::Tensor;

/// What becomes of the rows of a bag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmbeddingBagMode {
    /// Their sum.
    Sum,
    /// Their mean.
    #[default]
    Mean,
    /// Their largest elements.
    Max,
}

/// The options of [`embedding_bag`]; the defaults are PyTorch's.
#[derive(Clone, Debug, Default)]
pub struct EmbeddingBagOptions {
    /// What becomes of the rows of a bag.
    pub mode: EmbeddingBagMode,
    /// A factor for each index, for sums alone.
    pub per_sample_weights: Option<Tensor>,
    /// Whether the last offset is the number of indices instead of the start of a bag.
    pub include_last_offset: bool,
    /// How rows are looked up; a padding row is left out of its bag.
    pub lookup: EmbeddingOptions,
}

/// A list of indices, the bag of each, and where among them each bag begins and ends.
struct Bags {
    indices: Vec<i64>,
    bag_of: Vec<i64>,
    /// The place of each index in what was given.
    places: Vec<i64>,
    sizes: Vec<usize>,
}

fn bags(x: &Tensor, offsets: Option<&Tensor>, rows: usize, options: &EmbeddingBagOptions) -> Result<Bags, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("embedding_bag", problem).help(help));
    let indices = index_rule(x, rows, "embedding_bag")?.to_vec::<i64>();
    let mut starts: Vec<usize> = match (x.dim(), offsets) {
        (2, None) => (0..x.shape()[0]).map(|bag| bag * x.shape()[1]).collect(),
        (1, Some(offsets)) if offsets.dim() == 1 && offsets.dtype() == DType::I64 => {
            offsets.to_vec::<i64>().into_iter().map(|offset| offset as usize).collect()
        }
        _ => {
            let problem = format!("indices of shape {} do not tell the bags", x.shape());
            return refuse(problem, "give [bags, n] without offsets, or a list with int64 offsets [bags]");
        }
    };
    if !starts.is_sorted() || starts.first().is_some_and(|&first| first != 0) {
        return refuse(format!("the offsets are {starts:?}"), "the first is 0 and none is less than the one before");
    }
    if starts.last().is_some_and(|&last| last > indices.len()) {
        return refuse(format!("an offset is beyond the {} indices", indices.len()), "offsets are places in the list");
    }
    if !(options.include_last_offset && offsets.is_some()) {
        starts.push(indices.len());
    }
    let padding = options.lookup.padding_idx.map(|row| row.rem_euclid(rows.max(1) as isize) as i64);
    let mut bags = Bags { indices: Vec::new(), bag_of: Vec::new(), places: Vec::new(), sizes: Vec::new() };
    for (bag, range) in starts.windows(2).enumerate() {
        let before = bags.indices.len();
        for (place, &index) in indices.iter().enumerate().take(range[1]).skip(range[0]) {
            if Some(index) != padding {
                bags.indices.push(index);
                bags.bag_of.push(bag as i64);
                bags.places.push(place as i64);
            }
        }
        bags.sizes.push(bags.indices.len() - before);
    }
    Ok(bags)
}

pub(crate) fn try_embedding_bag(
    x: &Tensor,
    weight: &Tensor,
    offsets: Option<&Tensor>,
    options: &EmbeddingBagOptions,
) -> Result<Tensor, ShapeError> {
    if weight.dim() != 2 {
        let problem =
            format!("the weight must have the shape [num_embeddings, embedding_dim], but has {}", weight.shape());
        return Err(ShapeError::new("embedding_bag", problem).help("give one row for each index"));
    }
    let bags = bags(x, offsets, weight.shape()[0], options)?;
    let list = |values: &[i64]| Tensor::from_slice(values, values.len());
    let lookup = EmbeddingOptions { padding_idx: None, ..options.lookup };
    let mut rows = try_embedding(&list(&bags.indices), weight, &lookup)?;
    if let Some(weights) = &options.per_sample_weights {
        if options.mode != EmbeddingBagMode::Sum || weights.shape() != x.shape() {
            let problem = format!("weights of shape {} for indices of shape {}", weights.shape(), x.shape());
            return Err(ShapeError::new("embedding_bag", problem).help("give one for each index, and the mode Sum"));
        }
        rows *= weights.reshape([-1]).index_select(0, &list(&bags.places)).unsqueeze(1);
    }
    let sums = |rows: &Tensor| index_add_checked(rows, 0, bags.sizes.len(), &list(&bags.bag_of));
    Ok(match options.mode {
        EmbeddingBagMode::Sum => sums(&rows),
        EmbeddingBagMode::Mean => {
            let counts: Vec<f64> = bags.sizes.iter().map(|&size| size.max(1) as f64).collect();
            sums(&rows) / Tensor::from_vec(counts, [bags.sizes.len(), 1]).to(weight.dtype())
        }
        EmbeddingBagMode::Max => {
            let mut start = 0;
            let largest = bags.sizes.iter().map(|&size| {
                let bag = rows.narrow(0, start as isize, size);
                start += size;
                if size > 0 { bag.max_dim(0, false).0 } else { bag.sum_dim(0, false) }
            });
            let largest: Vec<Tensor> = largest.collect();
            match largest.is_empty() {
                true => rows,
                false => Tensor::stack(&largest.iter().collect::<Vec<_>>(), 0),
            }
        }
    })
}

/// The sum, mean or maximum of the rows of `weight` that the indices of each bag name:
/// [`torch.nn.functional.embedding_bag`](https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html).
/// An empty bag gives zeros.
///
/// # Shape
/// - `x`: (bags, n), or a list with `offsets` (bags), where each bag begins.
/// - `weight`: (num_embeddings, embedding_dim). Output: (bags, embedding_dim).
///
/// # Panics
/// If an index is out of range, or the shapes or options do not fit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{EmbeddingBagMode, EmbeddingBagOptions, embedding_bag}};
/// let table = Tensor::new([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let options = EmbeddingBagOptions { mode: EmbeddingBagMode::Sum, ..Default::default() };
/// let bags = embedding_bag(&Tensor::new([0, 2, 1]), &table, Some(&Tensor::new([0, 2])), &options);
/// assert_eq!(bags.to_vec::<f32>(), [6.0, 8.0, 3.0, 4.0]);
/// ```
#[track_caller]
pub fn embedding_bag(x: &Tensor, weight: &Tensor, offsets: Option<&Tensor>, options: &EmbeddingBagOptions) -> Tensor {
    try_embedding_bag(x, weight, offsets, options).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (indices, offsets) = (Tensor::new([0, 2, 1, 2, 2]), Tensor::new([0, 2, 2]));
        for mode in [EmbeddingBagMode::Sum, EmbeddingBagMode::Mean, EmbeddingBagMode::Max] {
            let options = EmbeddingBagOptions { mode, ..Default::default() };
            check(|x| embedding_bag(&indices, x[0], Some(&offsets), &options), &[&variable([3, 2])]);
        }
        let weighted = |x: &[&Tensor]| {
            let per_sample_weights = Some(x[1].clone());
            let options = EmbeddingBagOptions { mode: EmbeddingBagMode::Sum, per_sample_weights, ..Default::default() };
            embedding_bag(&Tensor::new([[0, 2], [1, 1]]), x[0], None, &options)
        };
        check(weighted, &[&variable([3, 2]), &variable([2, 2])]);
    }

    #[test]
    fn padding_is_left_out_and_an_empty_bag_is_zero() {
        let table = Tensor::new([[1.0], [3.0], [100.0]]);
        let lookup = EmbeddingOptions { padding_idx: Some(-1), ..Default::default() };
        let options = EmbeddingBagOptions { lookup, include_last_offset: true, ..Default::default() };
        let offsets = Tensor::new([0, 3, 3, 4]);
        let y = embedding_bag(&Tensor::new([0, 1, 2, 2]), &table, Some(&offsets), &options);
        assert_eq!(y.to_vec::<f32>(), [2.0, 0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "embedding_bag: indices of shape [3] do not tell the bags")]
    fn refusal() {
        embedding_bag(&Tensor::new([0, 1, 2]), &Tensor::zeros([3, 2]), None, &Default::default());
    }
}
