//! Datasets one after the other.

use super::Dataset;
use super::tensor_dataset::check_index;
use crate::error::{OrRaise, ShapeError};

/// The samples of several datasets, one dataset after the other: `torch.utils.data.ConcatDataset`.
///
/// Datasets of different types with samples of one type go as `Box<dyn Dataset<Item = …>>`.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{ConcatDataset, Dataset, TensorDataset};
/// let set = |values: Vec<f32>| TensorDataset::new(Tensor::from(values));
/// let both = ConcatDataset::new(vec![set(vec![1.0, 2.0]), set(vec![3.0])]);
/// assert_eq!(both.len(), 3);
/// assert_eq!(both.batch(&[2, 0]).to_vec::<f32>(), [3.0, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct ConcatDataset<D> {
    datasets: Vec<D>,
    cumulative_sizes: Vec<usize>,
}

impl<D: Dataset> ConcatDataset<D> {
    /// The datasets in this order.
    ///
    /// # Panics
    /// If there are none.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{ConcatDataset, Dataset, TensorDataset};
    /// type Numbers = Box<dyn Dataset<Item = Tensor>>;
    /// let all = TensorDataset::new(Tensor::new([1.0, 2.0]));
    /// let doubled = all.clone().map(|x| x * 2.0);
    /// let both = ConcatDataset::new(vec![Box::new(all) as Numbers, Box::new(doubled)]);
    /// assert_eq!(both.get(3).item(), 4.0);
    /// ```
    #[track_caller]
    pub fn new(datasets: Vec<D>) -> Self {
        let checked = match datasets.is_empty() {
            true => Err(ShapeError::new("ConcatDataset", "there are no datasets").help("give one dataset at least")),
            false => Ok(()),
        };
        checked.or_raise();
        let mut total = 0;
        let cumulative_sizes = datasets.iter().map(|dataset| {
            total += dataset.len();
            total
        });
        Self { cumulative_sizes: cumulative_sizes.collect(), datasets }
    }

    /// The datasets.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{ConcatDataset, TensorDataset};
    /// let set = TensorDataset::new(Tensor::rand([4, 2]));
    /// assert_eq!(ConcatDataset::new(vec![set.clone(), set]).datasets().len(), 2);
    /// ```
    pub fn datasets(&self) -> &[D] {
        &self.datasets
    }

    /// How many samples there are up to the end of each dataset.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{ConcatDataset, TensorDataset};
    /// let set = TensorDataset::new(Tensor::rand([4, 2]));
    /// assert_eq!(ConcatDataset::new(vec![set.clone(), set]).cumulative_sizes(), [4, 8]);
    /// ```
    pub fn cumulative_sizes(&self) -> &[usize] {
        &self.cumulative_sizes
    }
}

impl<D: Dataset> Dataset for ConcatDataset<D> {
    type Item = D::Item;

    fn len(&self) -> usize {
        self.cumulative_sizes.last().copied().unwrap_or(0)
    }

    #[track_caller]
    fn get(&self, index: usize) -> D::Item {
        check_index("ConcatDataset", index, self.len()).or_raise();
        // The first dataset that ends behind the index; those without samples end where they begin.
        let which = self.cumulative_sizes.partition_point(|&end| end <= index);
        let before = if which == 0 { 0 } else { self.cumulative_sizes[which - 1] };
        self.datasets[which].get(index - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;
    use crate::data::{Subset, TensorDataset};

    #[test]
    fn datasets_without_samples_are_passed_over() {
        let set = TensorDataset::new(Tensor::new([5.0, 6.0, 7.0]));
        let part = |indices: &[usize]| Subset::new(set.clone(), indices.to_vec());
        let all = ConcatDataset::new(vec![part(&[]), part(&[2]), part(&[]), part(&[0, 1]), part(&[])]);
        let values: Vec<f64> = (0..all.len()).map(|index| all.get(index).item()).collect();
        assert_eq!(values, [7.0, 5.0, 6.0]);
    }

    #[test]
    #[should_panic(expected = "ConcatDataset: sample 2 of a dataset of 2 samples")]
    fn an_index_beyond_the_last() {
        ConcatDataset::new(vec![TensorDataset::new(Tensor::new([5.0, 6.0]))]).get(2);
    }

    #[test]
    #[should_panic(expected = "ConcatDataset: there are no datasets")]
    fn nothing_to_concatenate() {
        ConcatDataset::<TensorDataset<Tensor>>::new(Vec::new());
    }
}
