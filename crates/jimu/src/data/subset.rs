//! Parts of datasets.

use std::sync::Arc;

use super::{Collate, Dataset};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Generator;

/// Some samples of a dataset, in an order of their own: `torch.utils.data.Subset`.
///
/// ```
/// use jimu::Tensor;
/// use jimu::data::{Dataset, Subset, TensorDataset};
/// let set = TensorDataset::new(Tensor::new([10, 11, 12, 13]));
/// let odd = Subset::new(set, vec![3, 1]);
/// assert_eq!(odd.len(), 2);
/// assert_eq!(odd.get(0).item(), 13.0);
/// ```
#[derive(Clone, Debug)]
pub struct Subset<D> {
    dataset: D,
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    /// The samples of `dataset` at `indices`.
    ///
    /// # Panics
    /// If an index is not below the dataset's length.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Dataset, Subset, TensorDataset};
    /// let set = TensorDataset::new(Tensor::rand([100, 2]));
    /// let first = Subset::new(&set, (0..10).collect());
    /// assert_eq!(first.len(), 10);
    /// ```
    #[track_caller]
    pub fn new(dataset: D, indices: Vec<usize>) -> Self {
        let len = dataset.len();
        let outside = indices.iter().find(|&&index| index >= len);
        let checked = outside.map_or(Ok(()), |index| {
            Err(ShapeError::new("Subset", format!("index {index} is out of range for a dataset of {len} samples"))
                .help("give indices below the dataset's len()"))
        });
        checked.or_raise();
        Self { dataset, indices }
    }

    /// Which samples of the whole dataset these are.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Subset, TensorDataset};
    /// let part = Subset::new(TensorDataset::new(Tensor::rand([9, 2])), vec![4, 8]);
    /// assert_eq!(part.indices(), [4, 8]);
    /// ```
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    type Item = D::Item;

    fn len(&self) -> usize {
        self.indices.len()
    }

    #[track_caller]
    fn get(&self, index: usize) -> D::Item {
        self.dataset.get(self.indices[index])
    }

    #[track_caller]
    fn batch(&self, indices: &[usize]) -> <D::Item as Collate>::Batch {
        let indices: Vec<usize> = indices.iter().map(|&index| self.indices[index]).collect();
        self.dataset.batch(&indices)
    }
}

/// How long the parts of [`random_split`] are: whole numbers of samples, or fractions of all.
pub trait Lengths: Sized {
    /// The number of samples of each part of a dataset of `total` samples.
    ///
    /// # Errors
    /// If they do not add up to the whole.
    fn counts(lengths: &[Self], total: usize) -> Result<Vec<usize>, ShapeError>;
}

impl Lengths for usize {
    fn counts(lengths: &[Self], total: usize) -> Result<Vec<usize>, ShapeError> {
        let sum: usize = lengths.iter().sum();
        match sum == total {
            true => Ok(lengths.to_vec()),
            false => Err(ShapeError::new(
                "random_split",
                format!("the lengths {lengths:?} add up to {sum}, but the dataset has {total} samples"),
            )
            .help("make them add up to the dataset's len(), or give fractions, as in [0.8, 0.2]")),
        }
    }
}

impl Lengths for f64 {
    /// Each part is rounded down; what is left goes to the first parts, one sample each, as in PyTorch.
    fn counts(lengths: &[Self], total: usize) -> Result<Vec<usize>, ShapeError> {
        let sum: f64 = lengths.iter().sum();
        if lengths.iter().any(|fraction| !(0.0..=1.0).contains(fraction)) || (sum - 1.0).abs() > 1e-9 {
            return Err(ShapeError::new("random_split", format!("the fractions {lengths:?} add up to {sum}"))
                .help("give fractions from 0 to 1 that add up to 1, as in [0.8, 0.2]"));
        }
        // A fraction such as 0.29 · 100 must not lose a sample to the rounding of the product.
        let mut left = total;
        let mut counts: Vec<usize> = Vec::with_capacity(lengths.len());
        for fraction in lengths {
            let count = ((total as f64 * fraction + 1e-9) as usize).min(left);
            counts.push(count);
            left -= count;
        }
        for part in 0..left {
            counts[part % lengths.len()] += 1;
        }
        Ok(counts)
    }
}

/// Cuts a dataset into parts at random, none of which share a sample: `torch.utils.data.random_split`. The same seed
/// gives the same parts.
///
/// # Args
/// - `lengths`: the number of samples of each part, adding up to all, or fractions that add up to 1.
///
/// # Panics
/// If the lengths do not add up.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{Dataset, TensorDataset, random_split};
/// let set = TensorDataset::new(Tensor::rand([50, 2]));
/// let [train, test] = random_split(set, [0.8, 0.2], 7);
/// assert_eq!((train.len(), test.len()), (40, 10));
/// let [a, b, c] = random_split(train, [30, 5, 5], 7);
/// assert_eq!((a.len(), b.len(), c.len()), (30, 5, 5));
/// ```
#[track_caller]
pub fn random_split<D: Dataset, L: Lengths, const N: usize>(
    dataset: D,
    lengths: [L; N],
    seed: u64,
) -> [Subset<Arc<D>>; N] {
    let counts = L::counts(&lengths, dataset.len()).or_raise();
    let mut order = Generator::new(seed ^ SPLIT, 0).permutation(dataset.len()).into_iter();
    let dataset = Arc::new(dataset);
    std::array::from_fn(|part| Subset {
        dataset: dataset.clone(),
        indices: order.by_ref().take(counts[part]).collect(),
    })
}

/// Keeps the numbers drawn here apart from those that tensors draw with the same seed.
const SPLIT: u64 = 0x73_706c_6974;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;
    use crate::data::TensorDataset;
    use crate::optim::testing::message;

    fn numbers(count: i64) -> TensorDataset<Tensor> {
        TensorDataset::new(Tensor::arange(0, count))
    }

    #[test]
    fn parts_share_no_sample_and_miss_none() {
        let parts = random_split(numbers(101), [0.5, 0.3, 0.2], 3);
        assert_eq!(parts.each_ref().map(Dataset::len), [51, 30, 20]);
        let mut all: Vec<usize> = parts.iter().flat_map(|part| part.indices().to_vec()).collect();
        assert!(!all.is_sorted(), "the parts should be drawn at random");
        all.sort();
        assert!(all.into_iter().eq(0..101));
    }

    #[test]
    fn a_seed_gives_the_same_parts_again() {
        let indices = |seed| random_split(numbers(50), [20, 30], seed).map(|part| part.indices().to_vec());
        assert_eq!(indices(1), indices(1));
        assert_ne!(indices(1), indices(2));
    }

    #[test]
    fn fractions_lose_no_sample_to_rounding() {
        assert_eq!(f64::counts(&[0.29, 0.71], 100), Ok(vec![29, 71]));
        assert_eq!(f64::counts(&[1.0 / 3.0; 3], 10), Ok(vec![4, 3, 3]));
        assert_eq!(f64::counts(&[0.1; 10], 60_000), Ok(vec![6000; 10]));
    }

    #[test]
    fn lengths_that_do_not_add_up_are_refused() {
        let message = message(|| random_split(numbers(10), [4, 5], 0));
        assert!(message.contains("[4, 5] add up to 9, but the dataset has 10 samples"), "{message}");
        assert!(f64::counts(&[0.5, 0.4], 10).unwrap_err().to_string().contains("add up to 0.9"));
        assert!(f64::counts(&[1.5, -0.5], 10).is_err());
    }

    #[test]
    fn subsets_of_subsets_lead_to_the_right_samples() {
        let outer = Subset::new(numbers(10), vec![9, 7, 5, 3]);
        let inner = Subset::new(&outer, vec![2, 0]);
        assert_eq!(inner.batch(&[0, 1]).to_vec::<i64>(), [5, 9]);
        assert_eq!(inner.get(1).item(), 9.0);
        let message = message(|| Subset::new(&outer, vec![4]));
        assert!(message.contains("index 4 is out of range for a dataset of 4 samples"), "{message}");
    }
}
