//! The trait of all datasets, and datasets made of others.

use std::sync::Arc;

use super::Collate;

/// A collection of samples: `torch.utils.data.Dataset`. Where the data lies is for the type to know; how many samples
/// there are is [`len`](Self::len) (`__len__`), and one of them is [`get`](Self::get) (`__getitem__`).
///
/// Samples are whatever [`Collate`] can put into a batch, most often `(Tensor, i64)`. A dataset that can break (files)
/// has samples of type [`Result`], and its batches are `Result`s too.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{DataLoader, Dataset};
///
/// /// The numbers 0 to 9, and whether they are odd.
/// struct Parity;
///
/// impl Dataset for Parity {
///     type Item = (Tensor, i64);
///     fn len(&self) -> usize {
///         10
///     }
///     fn get(&self, index: usize) -> (Tensor, i64) {
///         (Tensor::new([index as f32]), index as i64 % 2)
///     }
/// }
///
/// let (x, y) = DataLoader::new(Parity, 4).iter().next().unwrap();
/// assert_eq!(x.size(), [4, 1]);
/// assert_eq!(y.to_vec::<i64>(), [0, 1, 0, 1]);
/// ```
pub trait Dataset {
    /// One sample.
    type Item: Collate;

    /// The number of samples.
    fn len(&self) -> usize;

    /// The sample at `index`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    #[track_caller]
    fn get(&self, index: usize) -> Self::Item;

    /// The samples at `indices` as one batch. A dataset that can do better than to copy each sample and then all of
    /// them into one buffer has a method of its own here.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Dataset, TensorDataset};
    /// let set = TensorDataset::new(Tensor::new([[1, 2], [3, 4], [5, 6]]));
    /// assert_eq!(set.batch(&[2, 0]).to_vec::<i64>(), [5, 6, 1, 2]);
    /// ```
    #[track_caller]
    fn batch(&self, indices: &[usize]) -> <Self::Item as Collate>::Batch {
        Collate::collate(indices.iter().map(|&index| self.get(index)).collect())
    }

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The dataset of `f` of each sample: for transforms and augmentation.
    ///
    /// Random numbers that `f` draws in a [`DataLoader`](super::DataLoader) depend on its seed, the epoch and the batch
    /// alone, whichever thread makes the batch.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Dataset, TensorDataset};
    /// let set = TensorDataset::new(Tensor::new([1.0, 2.0])).map(|x| (x * 10.0, 1));
    /// assert_eq!(set.get(1).0.item(), 20.0);
    /// ```
    fn map<O: Collate, F: Fn(Self::Item) -> O>(self, f: F) -> Map<Self, F>
    where
        Self: Sized,
    {
        Map { dataset: self, f }
    }
}

macro_rules! dataset_behind {
    ($($pointer:ty),*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $pointer {
            type Item = D::Item;

            fn len(&self) -> usize {
                (**self).len()
            }

            #[track_caller]
            fn get(&self, index: usize) -> Self::Item {
                (**self).get(index)
            }

            #[track_caller]
            fn batch(&self, indices: &[usize]) -> <Self::Item as Collate>::Batch {
                (**self).batch(indices)
            }
        }
    )*};
}
dataset_behind!(&D, Box<D>, Arc<D>);

/// A dataset with a function applied to each sample: [`Dataset::map`].
///
/// ```
/// use jimu::Tensor;
/// use jimu::data::{Dataset, TensorDataset};
/// let set = TensorDataset::new(Tensor::rand([4, 2])).map(|x| x.sum());
/// assert_eq!(set.batch(&[0, 1, 2]).size(), [3]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Map<D, F> {
    dataset: D,
    f: F,
}

impl<D: Dataset, O: Collate, F: Fn(D::Item) -> O> Dataset for Map<D, F> {
    type Item = O;

    fn len(&self) -> usize {
        self.dataset.len()
    }

    #[track_caller]
    fn get(&self, index: usize) -> O {
        (self.f)(self.dataset.get(index))
    }
}
