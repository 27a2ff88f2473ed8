//! `RandomErasing`.

use super::random::{check_range, happens, sides, up_to};
use super::window::image_size;
use super::{Fill, Transform};
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::dropout::check_probability;
use crate::ops::view::Index;
use crate::tensor::Tensor;

/// What [`RandomErasing`] puts in the place of pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum ErasingValue {
    /// This value.
    Fill(Fill),
    /// Numbers from the normal distribution with mean 0 and deviation 1, one for each pixel and channel: `'random'`.
    Random,
}

impl<F: Into<Fill>> From<F> for ErasingValue {
    fn from(fill: F) -> Self {
        Self::Fill(fill.into())
    }
}

/// A rectangle of the image erased, with probability `p`:
/// [`torchvision.transforms.RandomErasing`](https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html)
/// (Zhong et al., *Random erasing data augmentation*, 2017).
///
/// # Args
/// - [`p`](Self::p()): the probability, by default 0.5.
/// - [`scale`](Self::scale()): the least and the greatest share of the image's area, by default 0.02 and 0.33.
/// - [`ratio`](Self::ratio()): the least and the greatest ratio of height and width, by default 0.3 and 3.3.
/// - [`value`](Self::value()): what takes the place, by default 0.
///
/// If ten rectangles in turn do not fit, the image stays as it is.
///
/// # Shape
/// […, C, H, W]; the result has the same.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{ErasingValue, RandomErasing, Transform};
/// let image = Tensor::ones([3, 32, 32]);
/// let erased = RandomErasing::new().p(1.0).scale(0.1, 0.2).value([0.5, 0.4, 0.3]).forward(&image);
/// assert!((0.08..0.22).contains(&(erased.select(0, 0).lt(0.9).sum().item() / 1024.0)));
/// let noisy = RandomErasing::new().value(ErasingValue::Random).forward(&image);
/// assert_eq!(noisy.size(), [3, 32, 32]);
/// ```
#[derive(Clone, Debug)]
pub struct RandomErasing {
    p: f64,
    scale: [f64; 2],
    ratio: [f64; 2],
    value: ErasingValue,
}

impl Default for RandomErasing {
    fn default() -> Self {
        Self::new()
    }
}

impl RandomErasing {
    /// Every other image, at random.
    pub fn new() -> Self {
        Self { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: ErasingValue::Fill(Fill::default()) }
    }

    /// With this probability.
    ///
    /// # Panics
    /// If it is not from 0 to 1.
    #[track_caller]
    pub fn p(mut self, p: f64) -> Self {
        check_probability(p, "RandomErasing").or_raise();
        self.p = p;
        self
    }

    /// The least and the greatest share of the image's area.
    ///
    /// # Panics
    /// If they are not from 0 to 1, the least first.
    #[track_caller]
    pub fn scale(mut self, least: f64, greatest: f64) -> Self {
        check_range("RandomErasing", "area", [least, greatest], 0.0, 1.0).or_raise();
        self.scale = [least, greatest];
        self
    }

    /// The least and the greatest ratio of height and width.
    ///
    /// # Panics
    /// If they are not above 0, the least first.
    #[track_caller]
    pub fn ratio(mut self, least: f64, greatest: f64) -> Self {
        check_range("RandomErasing", "ratio", [least, greatest], f64::MIN_POSITIVE, f64::MAX).or_raise();
        self.ratio = [least, greatest];
        self
    }

    /// What takes the place: a number, one for each channel, or noise.
    pub fn value(mut self, value: impl Into<ErasingValue>) -> Self {
        self.value = value.into();
        self
    }

    fn erase(&self, image: &Tensor) -> Result<Tensor, ShapeError> {
        let [height, width] = image_size(image, "RandomErasing")?;
        if !happens(self.p) {
            return Ok(image.clone());
        }
        let mut drawn = (0..10).map(|_| sides((height * width) as f64, self.scale, self.ratio));
        let Some((h, w)) = drawn.find(|&(h, w)| h < height && w < width) else {
            return Ok(image.clone());
        };
        let (top, left) = (up_to(height - h), up_to(width - w));
        let value = match &self.value {
            ErasingValue::Fill(fill) => fill.like(image, "RandomErasing")?,
            ErasingValue::Random => {
                let channels = image.dim().checked_sub(3).map(|channels| image.shape()[channels]);
                let shape: Vec<usize> = channels.into_iter().chain([h, w]).collect();
                Tensor::randn(shape).to(image.dtype())
            }
        };
        let [rows, columns] = [top..top + h, left..left + w].map(|range| range.start as isize..range.end as isize);
        Ok(image.slice_assign((Index::Ellipsis, rows, columns), &value))
    }
}

impl Transform for RandomErasing {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        self.erase(image).or_raise()
    }
}
