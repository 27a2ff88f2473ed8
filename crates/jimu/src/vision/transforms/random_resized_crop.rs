//! `RandomResizedCrop`.

use super::Transform;
use super::random::{check_range, sides, up_to};
use super::resize::resized;
use super::window::image_size;
use crate::error::OrRaise;
use crate::nn::Pair;
use crate::ops::nn::interpolate::InterpolateMode;
use crate::tensor::Tensor;

/// A part of the image of random size, aspect and place, brought to one size: the augmentation that is usual for photographs.
/// [`torchvision.transforms.RandomResizedCrop`](https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html)
/// (Szegedy et al., *Going deeper with convolutions*, 2014).
///
/// # Args
/// - `size`: height and width of the result, one number for a square.
/// - [`scale`](Self::scale()): the least and the greatest share of the image's area, by default 0.08 and 1.
/// - [`ratio`](Self::ratio()): the least and the greatest ratio of width and height, by default 3/4 and 4/3.
/// - [`interpolation`](Self::interpolation()): how values between pixels are found, by default
///   [`Linear`](InterpolateMode::Linear), which is `BILINEAR`.
/// - [`antialias`](Self::antialias()): whether a smaller image averages over all pixels that it covers, by default yes.
///
/// If ten parts in turn do not fit, it is the middle of the image.
///
/// # Shape
/// […, C, H, W] of bytes or real numbers; the result has the size given.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{RandomResizedCrop, Transform};
/// assert_eq!(RandomResizedCrop::new(24).forward(&Tensor::rand([3, 40, 60])).size(), [3, 24, 24]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomResizedCrop {
    size: Pair,
    scale: [f64; 2],
    ratio: [f64; 2],
    interpolation: InterpolateMode,
    antialias: bool,
}

impl RandomResizedCrop {
    /// To this size.
    pub fn new(size: impl Into<Pair>) -> Self {
        Self {
            size: size.into(),
            scale: [0.08, 1.0],
            ratio: [3.0 / 4.0, 4.0 / 3.0],
            interpolation: InterpolateMode::Linear,
            antialias: true,
        }
    }

    /// The least and the greatest share of the image's area.
    ///
    /// # Panics
    /// If they are not from 0 to 1, the least first.
    #[track_caller]
    pub fn scale(mut self, least: f64, greatest: f64) -> Self {
        check_range("RandomResizedCrop", "area", [least, greatest], 0.0, 1.0).or_raise();
        self.scale = [least, greatest];
        self
    }

    /// The least and the greatest ratio of width and height.
    ///
    /// # Panics
    /// If they are not above 0, the least first.
    #[track_caller]
    pub fn ratio(mut self, least: f64, greatest: f64) -> Self {
        check_range("RandomResizedCrop", "ratio", [least, greatest], f64::MIN_POSITIVE, f64::MAX).or_raise();
        self.ratio = [least, greatest];
        self
    }

    /// How values between pixels are found.
    pub fn interpolation(mut self, mode: InterpolateMode) -> Self {
        self.interpolation = mode;
        self
    }

    /// Whether a smaller image averages over all pixels that it covers.
    pub fn antialias(mut self, on: bool) -> Self {
        self.antialias = on;
        self
    }

    /// Top, left, height and width of a part.
    fn part(&self, [height, width]: [usize; 2]) -> [usize; 4] {
        for _ in 0..10 {
            let (w, h) = sides((height * width) as f64, self.scale, self.ratio);
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                return [up_to(height - h), up_to(width - w), h, w];
            }
        }
        let ([least, greatest], ratio) = (self.ratio, width as f64 / height as f64);
        let (h, w) = match () {
            () if ratio < least => ((width as f64 / least).round_ties_even() as usize, width),
            () if ratio > greatest => (height, (height as f64 * greatest).round_ties_even() as usize),
            () => (height, width),
        };
        [(height - h) / 2, (width - w) / 2, h, w]
    }
}

impl Transform for RandomResizedCrop {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        const WHO: &str = "RandomResizedCrop";
        let [top, left, height, width] = self.part(image_size(image, WHO).or_raise());
        let part = image.narrow(-2, top as isize, height).narrow(-1, left as isize, width);
        resized(&part, self.size.0, self.interpolation, self.antialias, WHO)
    }
}
