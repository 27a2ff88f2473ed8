//! `Resize`.

use super::Transform;
use super::window::{image_size, in_real_numbers};
use crate::error::{OrRaise, ShapeError, raise};
use crate::ops::nn::interpolate::{Interpolate, InterpolateMode};
use crate::tensor::Tensor;

/// The size that an image is to have: one number is that of its shorter side, and its aspect stays; `[height, width]` is both.
///
/// ```
/// use jimu::vision::transforms::ResizeSize;
/// assert_eq!(ResizeSize::from([2, 3]), ResizeSize::Exactly([2, 3]));
/// assert_eq!(ResizeSize::from(224), ResizeSize::ShorterSide(224));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeSize {
    /// The shorter side; the other one follows.
    ShorterSide(usize),
    /// Height and width.
    Exactly([usize; 2]),
}

impl From<usize> for ResizeSize {
    fn from(shorter: usize) -> Self {
        Self::ShorterSide(shorter)
    }
}

impl From<[usize; 2]> for ResizeSize {
    fn from(size: [usize; 2]) -> Self {
        Self::Exactly(size)
    }
}

impl From<(usize, usize)> for ResizeSize {
    fn from((height, width): (usize, usize)) -> Self {
        Self::Exactly([height, width])
    }
}

/// The image in another size:
/// [`torchvision.transforms.Resize`](https://pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html).
///
/// # Args
/// - `size`: the shorter side, or height and width; see [`ResizeSize`].
/// - [`interpolation`](Self::interpolation()): how values between pixels are found, by default
///   [`Linear`](InterpolateMode::Linear), which is `BILINEAR`.
/// - [`max_size`](Self::max_size()): the most that the longer side may have if only the shorter is given, by default any.
/// - [`antialias`](Self::antialias()): whether a smaller image averages over all pixels that it covers, by default yes.
///
/// # Shape
/// […, C, H, W] of bytes or real numbers; the result has the size given.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{Resize, Transform};
/// let image = Tensor::rand([3, 40, 60]);
/// assert_eq!(Resize::new(20).forward(&image).size(), [3, 20, 30]);
/// assert_eq!(Resize::new([20, 20]).forward(&image).size(), [3, 20, 20]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Resize {
    size: ResizeSize,
    interpolation: InterpolateMode,
    max_size: Option<usize>,
    antialias: bool,
}

impl Resize {
    /// To this size, bilinear.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn new(size: impl Into<ResizeSize>) -> Self {
        let size = size.into();
        if matches!(size, ResizeSize::ShorterSide(0) | ResizeSize::Exactly([0, _] | [_, 0])) {
            raise(ShapeError::new("Resize", format!("the size is {size:?}")).help("give at least 1"));
        }
        Self { size, interpolation: InterpolateMode::Linear, max_size: None, antialias: true }
    }

    /// How values between pixels are found.
    pub fn interpolation(mut self, mode: InterpolateMode) -> Self {
        self.interpolation = mode;
        self
    }

    /// The most that the longer side may have.
    ///
    /// # Panics
    /// If height and width are given, or it is not greater than the shorter side.
    #[track_caller]
    pub fn max_size(mut self, max_size: usize) -> Self {
        if !matches!(self.size, ResizeSize::ShorterSide(shorter) if shorter < max_size) {
            let problem = format!("max_size is {max_size}, and the size {:?}", self.size);
            raise(
                ShapeError::new("Resize", problem).help("give the shorter side alone, and a max_size greater than it"),
            );
        }
        self.max_size = Some(max_size);
        self
    }

    /// Whether a smaller image averages over all pixels that it covers.
    pub fn antialias(mut self, on: bool) -> Self {
        self.antialias = on;
        self
    }

    /// What an image of this size gets.
    fn target(&self, [height, width]: [usize; 2]) -> [usize; 2] {
        let shorter = match self.size {
            ResizeSize::Exactly(size) => return size,
            ResizeSize::ShorterSide(shorter) => shorter,
        };
        let (short, long) = (height.min(width), height.max(width));
        let scaled = |side: usize, by: usize, over: usize| ((side * by) as f64 / over as f64) as usize;
        let (mut shorter, mut longer) = (shorter, scaled(shorter, long, short));
        if let Some(most) = self.max_size.filter(|&most| longer > most) {
            (shorter, longer) = (scaled(most, shorter, longer).max(1), most);
        }
        if width <= height { [longer, shorter] } else { [shorter, longer] }
    }
}

/// The image in the size [height, width].
#[track_caller]
pub(super) fn resized(image: &Tensor, size: [usize; 2], mode: InterpolateMode, antialias: bool, who: &str) -> Tensor {
    let [height, width] = image_size(image, who).or_raise();
    if size == [height, width] {
        return image.clone();
    }
    let smooth = matches!(mode, InterpolateMode::Linear | InterpolateMode::Bicubic);
    let options = Interpolate::to_size(size).mode(mode).antialias(antialias && smooth);
    in_real_numbers(image, who, |image| {
        let front = &image.shape()[..image.dim() - 2];
        let planes = image.reshape([1, front.iter().product(), height, width]);
        let sizes: Vec<usize> = front.iter().copied().chain(size).collect();
        planes.interpolate(&options).reshape(sizes)
    })
}

impl Transform for Resize {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        let size = image_size(image, "Resize").or_raise();
        resized(image, self.target(size), self.interpolation, self.antialias, "Resize")
    }
}
