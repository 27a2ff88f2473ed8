//! `Pad`.

use super::window::{BorderMode, Places, image_size, pick};
use super::{Fill, Transform};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// How many pixels are added on each side of an image: one number for all, `[left and right, top and bottom]`, or `[left, top,
/// right, bottom]`, as in torchvision.
///
/// ```
/// use jimu::vision::transforms::Borders;
/// assert_eq!(Borders::from(2), Borders::from([2, 2]));
/// assert_eq!(Borders::from([1, 2]), Borders { left: 1, top: 2, right: 1, bottom: 2 });
/// assert_eq!(Borders::from([1, 2, 3, 4]).right, 3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Borders {
    /// On the left.
    pub left: usize,
    /// Above.
    pub top: usize,
    /// On the right.
    pub right: usize,
    /// Below.
    pub bottom: usize,
}

impl From<usize> for Borders {
    fn from(all: usize) -> Self {
        Self::from([all, all])
    }
}

impl From<[usize; 2]> for Borders {
    fn from([across, along]: [usize; 2]) -> Self {
        Self { left: across, top: along, right: across, bottom: along }
    }
}

impl From<[usize; 4]> for Borders {
    fn from([left, top, right, bottom]: [usize; 4]) -> Self {
        Self { left, top, right, bottom }
    }
}

impl Borders {
    /// The places of an image of this size with the borders around it.
    pub(super) fn around(self, [rows, columns]: [Places; 2], mode: BorderMode) -> [Places; 2] {
        [rows.padded([self.top, self.bottom], mode), columns.padded([self.left, self.right], mode)]
    }
}

/// The image with borders around it:
/// [`torchvision.transforms.Pad`](https://pytorch.org/vision/stable/generated/torchvision.transforms.Pad.html).
///
/// # Args
/// - `padding`: how many pixels on each side; see [`Borders`].
/// - [`fill`](Self::fill()): their value, by default 0.
/// - [`padding_mode`](Self::padding_mode()): what they are, by default the fill value.
///
/// # Shape
/// […, H, W]; the result is larger by the borders.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{BorderMode, Pad, Transform};
/// let image = Tensor::new([[[1, 2]]]);
/// assert_eq!(Pad::new([1, 0]).fill(9.0).forward(&image).to_vec::<i64>(), [9, 1, 2, 9]);
/// let mirrored = Pad::new([0, 0, 2, 0]).padding_mode(BorderMode::Symmetric);
/// assert_eq!(mirrored.forward(&image).to_vec::<i64>(), [1, 2, 2, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct Pad {
    padding: Borders,
    fill: Fill,
    padding_mode: BorderMode,
}

impl Pad {
    /// Borders of the fill value 0.
    pub fn new(padding: impl Into<Borders>) -> Self {
        Self { padding: padding.into(), fill: Fill::default(), padding_mode: BorderMode::default() }
    }

    /// The value of the new pixels; one number, or one for each channel.
    pub fn fill(mut self, fill: impl Into<Fill>) -> Self {
        self.fill = fill.into();
        self
    }

    /// What the new pixels are.
    pub fn padding_mode(mut self, mode: BorderMode) -> Self {
        self.padding_mode = mode;
        self
    }

    fn pad(&self, image: &Tensor) -> Result<Tensor, ShapeError> {
        let places = image_size(image, "Pad")?.map(Places::all);
        pick(image, &self.padding.around(places, self.padding_mode), &self.fill, "Pad")
    }
}

impl Transform for Pad {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        self.pad(image).or_raise()
    }
}
