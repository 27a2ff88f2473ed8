//! What takes the place of pixels that there are none of.

use crate::error::ShapeError;
use crate::tensor::Tensor;

/// The value of pixels that are filled in: one for all channels, or one for each.
///
/// ```
/// use jimu::vision::transforms::Fill;
/// assert_eq!(Fill::default(), Fill::from(0.0));
/// assert_ne!(Fill::from([0.5, 0.4, 0.3]), Fill::from(0.5));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fill(Vec<f64>);

impl Default for Fill {
    fn default() -> Self {
        Self(vec![0.0])
    }
}

impl From<f64> for Fill {
    fn from(all: f64) -> Self {
        Self(vec![all])
    }
}

impl<const N: usize> From<[f64; N]> for Fill {
    fn from(channels: [f64; N]) -> Self {
        Self(channels.into())
    }
}

impl From<Vec<f64>> for Fill {
    fn from(channels: Vec<f64>) -> Self {
        Self(channels)
    }
}

impl Fill {
    /// The values in the type of `image`, in a shape that broadcasts to its own.
    pub(super) fn like(&self, image: &Tensor, who: &str) -> Result<Tensor, ShapeError> {
        let shape = image.shape();
        let channels = shape.len().checked_sub(3).map_or(1, |channels| shape[channels]);
        let values = Tensor::from(self.0.clone()).to(image.dtype());
        match self.0.len() {
            1 => Ok(values.reshape([1; 0])),
            count if count == channels => Ok(values.reshape([count, 1, 1])),
            count => Err(ShapeError::new(
                who,
                format!("{count} values to fill the {channels} channels of an image of {shape}"),
            )
            .help("give one number, or one for each channel")),
        }
    }
}
