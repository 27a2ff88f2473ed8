//! Data: where it lies, how many samples there are, how to get one; and how samples become batches.
//! [`torch.utils.data`](https://pytorch.org/docs/stable/data.html).
//!
//! ```
//! use jimu::Tensor;
//! use jimu::data::{DataLoader, TensorDataset};
//!
//! let (x, y) = (Tensor::rand([10, 3]), Tensor::arange(0, 10));
//! let loader = DataLoader::new(TensorDataset::new((x, y)), 4).shuffle(true).seed(7);
//! assert_eq!(loader.len(), 3);
//! for (x, y) in &loader {
//!     assert_eq!(x.size()[1..], [3]);
//!     assert_eq!(x.size()[0], y.size()[0]);
//! }
//! ```
//!
//! ```text
//! dataset.rs         the trait Dataset, and datasets made of others: Map
//! subset.rs          Subset, random_split
//! concat.rs          datasets one after the other
//! stack.rs           datasets side by side
//! tensor_dataset.rs  tensors that share their first dimension
//! image_set.rs       images as bytes in memory, converted as they enter a batch
//! collate.rs         how a list of samples becomes a batch
//! sampler.rs         in which order samples are taken
//! loader.rs          DataLoader: order and batches
//! iterable.rs        samples that only come one after the other, and their loader
//! prefetch.rs        the thread that makes batches ahead
//! ```

mod collate;
mod concat;
mod dataset;
mod image_set;
mod iterable;
mod loader;
mod prefetch;
mod sampler;
mod stack;
mod subset;
mod tensor_dataset;

pub use collate::Collate;
pub use concat::ConcatDataset;
pub use dataset::{Dataset, Map};
pub use image_set::ImageSet;
pub use iterable::{ChainDataset, IterableBatches, IterableDataset, IterableLoader, Samples, Stream};
pub use loader::{Batches, DataLoader};
pub use sampler::{
    BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler,
};
pub use stack::{Datasets, StackDataset};
pub use subset::{Lengths, Subset, random_split};
pub use tensor_dataset::{TensorDataset, Tensors};
