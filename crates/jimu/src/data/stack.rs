//! Datasets side by side.

use super::{Collate, Dataset};
use crate::error::{OrRaise, ShapeError};

/// Several datasets as one, whose samples are tuples of a sample of each: `torch.utils.data.StackDataset`, of a tuple of up
/// to four datasets.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{DataLoader, Dataset, StackDataset, TensorDataset};
/// let images = TensorDataset::new(Tensor::rand([10, 3, 8, 8]));
/// let texts = TensorDataset::new(Tensor::arange(0, 10)).map(|index| format!("image {}", index.item()));
/// let (x, captions) = DataLoader::new(StackDataset::new((images, texts)), 4).iter().next().unwrap();
/// assert_eq!(x.size(), [4, 3, 8, 8]);
/// assert_eq!(captions[3], "image 3");
/// ```
#[derive(Clone, Debug)]
pub struct StackDataset<T> {
    datasets: T,
}

/// A tuple of datasets.
pub trait Datasets {
    /// A sample of each.
    type Item: Collate;

    /// How many samples each has.
    fn lens(&self) -> Vec<usize>;

    /// The sample of each at `index`.
    #[track_caller]
    fn get(&self, index: usize) -> Self::Item;

    /// The batch of each at `indices`.
    #[track_caller]
    fn batch(&self, indices: &[usize]) -> <Self::Item as Collate>::Batch;
}

macro_rules! datasets_of_tuple {
    ($($D:ident $at:tt),*) => {
        impl<$($D: Dataset),*> Datasets for ($($D,)*) {
            type Item = ($($D::Item,)*);

            fn lens(&self) -> Vec<usize> {
                vec![$(self.$at.len()),*]
            }

            #[track_caller]
            fn get(&self, index: usize) -> Self::Item {
                ($(self.$at.get(index),)*)
            }

            #[track_caller]
            fn batch(&self, indices: &[usize]) -> <Self::Item as Collate>::Batch {
                ($(self.$at.batch(indices),)*)
            }
        }
    };
}
datasets_of_tuple!(A 0);
datasets_of_tuple!(A 0, B 1);
datasets_of_tuple!(A 0, B 1, C 2);
datasets_of_tuple!(A 0, B 1, C 2, D 3);

impl<T: Datasets> StackDataset<T> {
    /// The datasets side by side.
    ///
    /// # Panics
    /// If they have different numbers of samples.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Dataset, StackDataset, TensorDataset};
    /// let (x, y) = (TensorDataset::new(Tensor::new([1.0, 2.0])), TensorDataset::new(Tensor::new([3.0, 4.0])));
    /// let (x, y) = StackDataset::new((x, y)).get(1);
    /// assert_eq!((x.item(), y.item()), (2.0, 4.0));
    /// ```
    #[track_caller]
    pub fn new(datasets: T) -> Self {
        let lens = datasets.lens();
        let checked = match lens.iter().all(|len| *len == lens[0]) {
            true => Ok(()),
            false => Err(ShapeError::new("StackDataset", format!("the datasets have {lens:?} samples"))
                .help("give datasets of equally many samples; Subset takes a part of one")),
        };
        checked.or_raise();
        Self { datasets }
    }

    /// The datasets.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Dataset, StackDataset, TensorDataset};
    /// let set = TensorDataset::new(Tensor::rand([4, 2]));
    /// assert_eq!(StackDataset::new((set.clone(), set)).datasets().1.len(), 4);
    /// ```
    pub fn datasets(&self) -> &T {
        &self.datasets
    }
}

impl<T: Datasets> Dataset for StackDataset<T> {
    type Item = T::Item;

    fn len(&self) -> usize {
        self.datasets.lens()[0]
    }

    #[track_caller]
    fn get(&self, index: usize) -> T::Item {
        self.datasets.get(index)
    }

    #[track_caller]
    fn batch(&self, indices: &[usize]) -> <T::Item as Collate>::Batch {
        self.datasets.batch(indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;
    use crate::data::TensorDataset;

    #[test]
    fn a_batch_is_that_of_its_samples() {
        let set = |values: [f32; 3]| TensorDataset::new(Tensor::new(values));
        let stack = StackDataset::new((set([1.0, 2.0, 3.0]), set([4.0, 5.0, 6.0])));
        let (a, b) = stack.batch(&[2, 0]);
        let (x, y) = Collate::collate(vec![stack.get(2), stack.get(0)]);
        assert_eq!((a.to_vec::<f32>(), b.to_vec::<f32>()), (x.to_vec(), y.to_vec()));
        assert_eq!(b.to_vec::<f32>(), [6.0, 4.0]);
    }

    #[test]
    #[should_panic(expected = "StackDataset: the datasets have [2, 3] samples")]
    fn lengths_must_agree() {
        let set = |count: usize| TensorDataset::new(Tensor::zeros([count]));
        StackDataset::new((set(2), set(3)));
    }
}
