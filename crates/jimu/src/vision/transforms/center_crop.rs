//! `CenterCrop`.

use super::window::{BorderMode, Places, image_size, pick};
use super::{Fill, Transform};
use crate::error::{OrRaise, ShapeError};
use crate::nn::Pair;
use crate::tensor::Tensor;

/// The middle of the image; one that is smaller gets a border of zeros.
/// [`torchvision.transforms.CenterCrop`](https://pytorch.org/vision/stable/generated/torchvision.transforms.CenterCrop.html).
///
/// # Args
/// - `size`: height and width of the result, one number for a square.
///
/// # Shape
/// […, H, W]; the result has the size given.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{CenterCrop, Transform};
/// let image = Tensor::arange(0, 15).reshape([1, 3, 5]);
/// assert_eq!(CenterCrop::new((1, 3)).forward(&image).to_vec::<i64>(), [6, 7, 8]);
/// assert_eq!(CenterCrop::new(224).forward(&image).size(), [1, 224, 224]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CenterCrop {
    size: Pair,
}

impl CenterCrop {
    /// Of this size.
    pub fn new(size: impl Into<Pair>) -> Self {
        Self { size: size.into() }
    }

    fn crop(&self, image: &Tensor) -> Result<Tensor, ShapeError> {
        let [height, width] = image_size(image, "CenterCrop")?;
        let middle = |have: usize, wanted: usize| {
            let missing = wanted.saturating_sub(have);
            let places = Places::all(have).padded([missing / 2, missing.div_ceil(2)], BorderMode::Constant);
            // Half a pixel is rounded to the even place.
            let start = ((places.len() - wanted) as f64 / 2.0).round_ties_even() as usize;
            places.cropped(start, wanted)
        };
        let places = [middle(height, self.size.0[0]), middle(width, self.size.0[1])];
        pick(image, &places, &Fill::default(), "CenterCrop")
    }
}

impl Transform for CenterCrop {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        self.crop(image).or_raise()
    }
}
