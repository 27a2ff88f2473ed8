//! Transforms of images, for preparation and augmentation: [`torchvision.transforms`](https://pytorch.org/vision/stable/transforms.html).
//!
//! An image is a tensor `[…, C, H, W]` of `u8` from 0 to 255, or of real numbers; what is random is the same for all images
//! of a tensor. A transform is applied to each sample by [`Dataset::map`](crate::data::Dataset::map), so that each has random
//! numbers of its own. In a [`DataLoader`](crate::data::DataLoader) these depend on its seed, the epoch and the batch alone:
//! the same seed gives the same images, whichever threads make them.
//!
//! ```
//! use jimu::compose;
//! use jimu::data::{DataLoader, Dataset, ImageSet};
//! use jimu::vision::transforms::{Normalize, RandomCrop, RandomHorizontalFlip, Transform};
//!
//! let augment = compose![
//!     RandomCrop::new(32).padding(4),
//!     RandomHorizontalFlip::new(),
//!     Normalize::new([0.49, 0.48, 0.45], [0.25, 0.24, 0.26]),
//! ];
//! let images = ImageSet::new(vec![127; 20 * 3 * 32 * 32], [3, 32, 32], vec![0; 20]);
//! let loader = DataLoader::new(images.map(move |(image, label)| (augment.forward(&image), label)), 8);
//! let (x, y) = loader.iter().next().unwrap();
//! assert_eq!((x.size(), y.size()), ([8, 3, 32, 32].into(), [8].into()));
//! ```

mod center_crop;
mod compose;
mod convert_image_dtype;
mod fill;
mod normalize;
mod pad;
mod random;
mod random_crop;
mod random_erasing;
mod random_flip;
mod random_resized_crop;
mod random_rotation;
mod resize;
#[cfg(test)]
mod tests;
mod window;

pub use center_crop::CenterCrop;
pub use compose::Compose;
pub use convert_image_dtype::ConvertImageDtype;
pub use fill::Fill;
pub use normalize::Normalize;
pub use pad::{Borders, Pad};
pub use random_crop::RandomCrop;
pub use random_erasing::{ErasingValue, RandomErasing};
pub use random_flip::{RandomHorizontalFlip, RandomVerticalFlip};
pub use random_resized_crop::RandomResizedCrop;
pub use random_rotation::{Degrees, RandomRotation};
pub use resize::{Resize, ResizeSize};
pub use window::BorderMode;

use crate::tensor::Tensor;

/// A function of an image. Random ones draw from the calling thread's generator.
///
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::Transform;
///
/// /// Light and dark swapped.
/// #[derive(Debug)]
/// struct Negative;
///
/// impl Transform for Negative {
///     fn forward(&self, image: &Tensor) -> Tensor {
///         1.0 - image
///     }
/// }
/// assert_eq!(Negative.forward(&Tensor::new([[[0.25]]])).item(), 0.75);
/// ```
pub trait Transform: std::fmt::Debug + Send + Sync {
    /// The image that becomes of `image`.
    ///
    /// # Panics
    /// If the image has not the shape or the type that the transform needs.
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor;
}
