//! Tensors that share their first dimension, as a dataset.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::threads::parallel_chunks_mut;

use super::{Collate, Dataset};
use crate::dtype::dispatch_dtype;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Tensor};

/// Elements that one task copies.
const BLOCK: usize = 1 << 14;

/// Samples that are the rows of one tensor or of several: `torch.utils.data.TensorDataset`. Sample `i` is the tensors'
/// elements at `i` of their first dimension. Batches are copied straight into one buffer.
///
/// ```
/// use jimu::Tensor;
/// use jimu::data::{Dataset, TensorDataset};
/// let set = TensorDataset::new((Tensor::rand([60, 1, 8, 8]), Tensor::randint(0, 10, [60])));
/// let (x, y) = set.get(3);
/// assert_eq!((x.size(), y.dim()), ([1, 8, 8].into(), 0));
/// let (x, y) = set.batch(&[3, 1, 4]);
/// assert_eq!((x.size(), y.size()), ([3, 1, 8, 8].into(), [3].into()));
/// ```
#[derive(Clone, Debug)]
pub struct TensorDataset<T = (Tensor, Tensor)> {
    tensors: T,
    len: usize,
}

impl<T: Tensors> TensorDataset<T> {
    /// The rows of `tensors`: a tensor, or a tuple of up to four.
    ///
    /// # Panics
    /// If the tensors differ in the size of their first dimension, or one has no dimension or no elements in memory.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{Dataset, TensorDataset};
    /// assert_eq!(TensorDataset::new(Tensor::rand([5, 2])).len(), 5);
    /// ```
    #[track_caller]
    pub fn new(tensors: T) -> Self {
        let mut len = None;
        tensors.visit(&mut |tensor| check(tensor, &mut len)).or_raise();
        let tensors = tensors.map(&|tensor| tensor.detach().to_contiguous());
        Self { tensors, len: len.unwrap_or(0) }
    }

    /// The tensors.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::TensorDataset;
    /// let set = TensorDataset::new((Tensor::rand([5, 2]), Tensor::arange(0, 5)));
    /// assert_eq!(set.tensors().1.to_vec::<i64>(), [0, 1, 2, 3, 4]);
    /// ```
    pub fn tensors(&self) -> &T {
        &self.tensors
    }

    #[track_caller]
    fn check(&self, index: usize) {
        check_index("TensorDataset", index, self.len).or_raise();
    }
}

impl<T: Tensors> Dataset for TensorDataset<T> {
    type Item = T;

    fn len(&self) -> usize {
        self.len
    }

    #[track_caller]
    fn get(&self, index: usize) -> T {
        self.check(index);
        self.tensors.map(&|tensor| tensor.select(0, index as isize))
    }

    #[track_caller]
    fn batch(&self, indices: &[usize]) -> T {
        indices.iter().for_each(|&index| self.check(index));
        self.tensors.map(&|tensor| rows(tensor, indices))
    }
}

/// The refusal of an index that is not below `len`.
pub(super) fn check_index(dataset: &str, index: usize, len: usize) -> Result<(), ShapeError> {
    match index < len {
        true => Ok(()),
        false => Err(ShapeError::new(dataset, format!("sample {index} of a dataset of {len} samples"))
            .help("give an index below the dataset's len()")),
    }
}

fn check(tensor: &Tensor, len: &mut Option<usize>) -> Result<(), ShapeError> {
    tensor.readable("TensorDataset")?;
    let Some(&first) = tensor.shape().first() else {
        return Err(ShapeError::new("TensorDataset", "a tensor of no dimension has no samples")
            .help("give it a first dimension, as in x.unsqueeze(0)"));
    };
    let expected = *len.get_or_insert(first);
    match first == expected {
        true => Ok(()),
        false => Err(ShapeError::new(
            "TensorDataset",
            format!("the first tensor has {expected} samples, but one of shape {} has {first}", tensor.shape()),
        )
        .help("give tensors of one size in the first dimension")),
    }
}

/// The rows of a contiguous tensor at `indices`, in a buffer of their own.
fn rows(tensor: &Tensor, indices: &[usize]) -> Tensor {
    let row: usize = tensor.shape()[1..].iter().product();
    let mut shape = tensor.size();
    shape.as_mut()[0] = indices.len();
    let storage = tensor.storage();
    let start = tensor.layout().offset;
    dispatch_dtype!(tensor.dtype(), T => {
        let source = &<T as crate::Element>::slice(&storage)[start..start + tensor.numel()];
        let mut batch = Buffer::unspecified(row * indices.len());
        let rows_in_block = (BLOCK / row.max(1)).max(1);
        parallel_chunks_mut(&mut batch, rows_in_block * row.max(1), |block, chunk| {
            for (out, &index) in chunk.chunks_exact_mut(row).zip(&indices[block * rows_in_block..]) {
                out.copy_from_slice(&source[index * row..][..row]);
            }
        });
        Tensor::from_buffer::<T>(batch, Layout::contiguous(shape))
    })
}

/// A tensor, or a tuple of up to four: what [`TensorDataset`] is made of, and what its samples and batches are.
///
/// ```
/// use jimu::Tensor;
/// use jimu::data::Tensors;
/// let halves = (Tensor::new([2.0]), Tensor::new([4.0])).map(&|x| x / 2.0);
/// assert_eq!((halves.0.item(), halves.1.item()), (1.0, 2.0));
/// ```
pub trait Tensors: Collate<Batch = Self> + Clone {
    /// Calls `f` on each tensor, up to the first error.
    ///
    /// # Errors
    /// That of `f`.
    fn visit(&self, f: &mut dyn FnMut(&Tensor) -> Result<(), ShapeError>) -> Result<(), ShapeError>;

    /// `f` of each tensor.
    #[track_caller]
    fn map(&self, f: &dyn Fn(&Tensor) -> Tensor) -> Self;
}

impl Tensors for Tensor {
    fn visit(&self, f: &mut dyn FnMut(&Tensor) -> Result<(), ShapeError>) -> Result<(), ShapeError> {
        f(self)
    }

    fn map(&self, f: &dyn Fn(&Tensor) -> Tensor) -> Self {
        f(self)
    }
}

macro_rules! tensors {
    ($($index:tt $tensor:ty),*) => {
        impl Tensors for ($($tensor,)*) {
            fn visit(&self, f: &mut dyn FnMut(&Tensor) -> Result<(), ShapeError>) -> Result<(), ShapeError> {
                $(f(&self.$index)?;)*
                Ok(())
            }

            fn map(&self, f: &dyn Fn(&Tensor) -> Tensor) -> Self {
                ($(f(&self.$index),)*)
            }
        }
    };
}
tensors!(0 Tensor);
tensors!(0 Tensor, 1 Tensor);
tensors!(0 Tensor, 1 Tensor, 2 Tensor);
tensors!(0 Tensor, 1 Tensor, 2 Tensor, 3 Tensor);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::message;

    #[test]
    fn a_batch_equals_its_samples_stacked() {
        // Not contiguous, with an offset, and long enough for several blocks.
        let x = Tensor::rand([3, 5000, 41]).transpose(0, 2).narrow(0, 1, 40);
        let y = Tensor::randint(0, 255, [40]).to(crate::DType::U8);
        let set = TensorDataset::new((x.clone(), y.clone()));
        let indices = [39, 0, 7, 7, 13];
        let (batch_x, batch_y) = set.batch(&indices);
        let samples: Vec<_> = indices.iter().map(|&index| set.get(index)).collect();
        let (stacked_x, stacked_y) = Collate::collate(samples);
        assert_eq!(batch_x.size(), [5, 5000, 3]);
        assert_eq!(batch_x.to_vec::<f32>(), stacked_x.to_vec::<f32>());
        assert_eq!(batch_y.to_vec::<u8>(), stacked_y.to_vec::<u8>());
        assert_eq!(set.get(7).0.to_vec::<f32>(), x.select(0, 7).to_vec::<f32>());
        assert_eq!(batch_y.to_vec::<u8>()[0], y.to_vec::<u8>()[39]);
    }

    #[test]
    fn samples_may_be_empty() {
        let set = TensorDataset::new(Tensor::zeros([4, 0, 2]));
        assert_eq!(set.batch(&[1, 2]).size(), [2, 0, 2]);
        assert_eq!(TensorDataset::new(Tensor::zeros([0, 3])).len(), 0);
    }

    #[test]
    fn refusals_name_sizes_and_fix() {
        let unequal = message(|| TensorDataset::new((Tensor::zeros([4, 2]), Tensor::zeros([5]))));
        assert!(unequal.contains("the first tensor has 4 samples, but one of shape [5] has 5"), "{unequal}");
        assert!(message(|| TensorDataset::new(Tensor::new(1.0))).contains("no dimension"));
        let set = TensorDataset::new(Tensor::zeros([4, 2]));
        assert!(message(|| set.get(4)).contains("sample 4 of a dataset of 4 samples"));
        assert!(message(|| set.batch(&[0, 9])).contains("sample 9"));
    }
}
