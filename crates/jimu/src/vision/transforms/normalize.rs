//! `Normalize`.

use super::Transform;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// Standardises each channel: (x - mean) / std.
/// [`torchvision.transforms.Normalize`](https://pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html).
///
/// # Args
/// - `mean`, `std`: one number for each channel, or one for all.
///
/// # Shape
/// […, C, H, W] of real numbers; the result has the same.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{Normalize, Transform};
/// let image = Tensor::new([[[0.5, 1.0]], [[0.0, 0.5]]]);
/// assert_eq!(Normalize::new([0.5, 0.25], [0.5, 0.25]).forward(&image).to_vec::<f32>(), [0.0, 1.0, -1.0, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Normalize {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Normalize {
    /// With these means and deviations.
    ///
    /// # Panics
    /// If there are not as many deviations as means, or one is 0.
    #[track_caller]
    pub fn new(mean: impl Into<Vec<f64>>, std: impl Into<Vec<f64>>) -> Self {
        let (mean, std) = (mean.into(), std.into());
        let checked = match mean.len() == std.len() && !mean.is_empty() && !std.contains(&0.0) {
            true => Ok(()),
            false => Err(ShapeError::new("Normalize", format!("the means {mean:?} and the deviations {std:?}"))
                .help("give a mean and a deviation other than 0 for each channel")),
        };
        checked.or_raise();
        Self { mean, std }
    }

    fn check(&self, image: &Tensor) -> Result<(), ShapeError> {
        let refuse = |problem: String, help: &str| Err(ShapeError::new("Normalize", problem).help(help));
        let shape = image.shape();
        if !image.dtype().is_floating_point() {
            let problem = format!("the image holds {}", image.dtype());
            return refuse(problem, "make it one of real numbers: ConvertImageDtype::new(DType::F32)");
        }
        let Some(channels) = shape.len().checked_sub(3).map(|channels| shape[channels]) else {
            return refuse(
                format!("an image […, C, H, W] is needed, but the shape is {shape}"),
                "add a dimension in front",
            );
        };
        match self.mean.len() == 1 || self.mean.len() == channels {
            true => Ok(()),
            false => refuse(
                format!("{} means for the {channels} channels of an image of shape {shape}", self.mean.len()),
                "give one for each channel",
            ),
        }
    }
}

impl Transform for Normalize {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        self.check(image).or_raise();
        let [mean, std] = [&self.mean, &self.std]
            .map(|values| Tensor::from(values.clone()).to(image.dtype()).reshape([values.len(), 1, 1]));
        (image - mean) / std
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::optim::testing::message;

    #[test]
    fn refusals_name_channels_and_fix() {
        let normalize = Normalize::new([0.5, 0.5], [1.0, 1.0]);
        let three = message(|| normalize.forward(&Tensor::zeros([3, 4, 4])));
        assert!(three.contains("2 means for the 3 channels of an image of shape [3, 4, 4]"), "{three}");
        let bytes = message(|| normalize.forward(&Tensor::zeros([2, 4, 4]).to(DType::U8)));
        assert!(bytes.contains("the image holds uint8"), "{bytes}");
        assert!(message(|| Normalize::new([0.5], [0.0])).contains("a deviation other than 0"));
    }
}
