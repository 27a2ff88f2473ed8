//! `RandomCrop`.

use super::random::up_to;
use super::window::{BorderMode, Places, image_size, pick};
use super::{Borders, Fill, Transform};
use crate::error::{OrRaise, ShapeError};
use crate::nn::Pair;
use crate::tensor::Tensor;

/// A part of the image at a random place, of which some may be border: with a padding the augmentation that is usual for small
/// images.
/// [`torchvision.transforms.RandomCrop`](https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html).
///
/// # Args
/// - `size`: height and width of the result, one number for a square.
/// - [`padding`](Self::padding()): borders around the image before it is cropped, by default none; see [`Borders`].
/// - [`pad_if_needed`](Self::pad_if_needed()): whether an image that is too small gets as much border as it takes, by
///   default no.
/// - [`fill`](Self::fill()): the value of the border, by default 0.
/// - [`padding_mode`](Self::padding_mode()): what the border is, by default the fill value.
///
/// # Shape
/// […, H, W]; the result has the size given.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{RandomCrop, Transform};
/// let image = Tensor::rand([3, 32, 32]);
/// assert_eq!(RandomCrop::new(32).padding(4).forward(&image).size(), [3, 32, 32]);
/// assert_eq!(RandomCrop::new((8, 64)).pad_if_needed(true).forward(&image).size(), [3, 8, 64]);
/// ```
#[derive(Clone, Debug)]
pub struct RandomCrop {
    size: Pair,
    padding: Borders,
    pad_if_needed: bool,
    fill: Fill,
    padding_mode: BorderMode,
}

impl RandomCrop {
    /// Of this size, without a border.
    pub fn new(size: impl Into<Pair>) -> Self {
        Self {
            size: size.into(),
            padding: Borders::default(),
            pad_if_needed: false,
            fill: Fill::default(),
            padding_mode: BorderMode::default(),
        }
    }

    /// Borders around the image.
    pub fn padding(mut self, padding: impl Into<Borders>) -> Self {
        self.padding = padding.into();
        self
    }

    /// Whether an image that is too small gets a border, as wide on either side as all that is missing.
    pub fn pad_if_needed(mut self, on: bool) -> Self {
        self.pad_if_needed = on;
        self
    }

    /// The value of the border; one number, or one for each channel.
    pub fn fill(mut self, fill: impl Into<Fill>) -> Self {
        self.fill = fill.into();
        self
    }

    /// What the border is.
    pub fn padding_mode(mut self, mode: BorderMode) -> Self {
        self.padding_mode = mode;
        self
    }

    fn crop(&self, image: &Tensor) -> Result<Tensor, ShapeError> {
        let mut places = image_size(image, "RandomCrop")?.map(Places::all);
        places = self.padding.around(places, self.padding_mode);
        let [height, width] = self.size.0;
        if self.pad_if_needed {
            let [rows, columns] = [height.saturating_sub(places[0].len()), width.saturating_sub(places[1].len())];
            places = Borders::from([columns, rows]).around(places, self.padding_mode);
        }
        let [rows, columns] = [places[0].len(), places[1].len()];
        if rows < height || columns < width {
            let problem = format!("{height}x{width} pixels of an image that has {rows}x{columns}");
            return Err(ShapeError::new("RandomCrop", problem).help("give a padding, or pad_if_needed(true)"));
        }
        let [top, left] = [up_to(rows - height), up_to(columns - width)];
        let [rows, columns] = places;
        let places = [rows.cropped(top, height), columns.cropped(left, width)];
        pick(image, &places, &self.fill, "RandomCrop")
    }
}

impl Transform for RandomCrop {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        self.crop(image).or_raise()
    }
}
