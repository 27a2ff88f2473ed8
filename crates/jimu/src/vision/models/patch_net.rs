//! A network for patches.

use super::ModelError;
use crate::nn::{Conv2d, Forward, Linear, Module};
use crate::tensor::Tensor;

/// Two 3x3 convolutions without padding, which leave one pixel of a 5x5 patch, and a linear layer: the smallest network that
/// has every kind of layer of a classifier.
///
/// # Args
/// - `channels`: of the patch.
/// - `classes`: 2 in the course.
///
/// # Shape
/// | layer | output |
/// |---|---|
/// | input | (n, channels, 5, 5) |
/// | `conv1` 3x3, ReLU | (n, 4, 3, 3) |
/// | `conv2` 3x3, ReLU | (n, 4, 1, 1) |
/// | `fc` | (n, classes) |
///
/// # Attributes
/// All begin as [`Conv2d`] and [`Linear`] do.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::PatchNet};
/// let model = PatchNet::new(1, 2);
/// assert_eq!(model.num_parameters(), 40 + 148 + 10);
/// assert_eq!(model.forward(&Tensor::zeros([8, 1, 5, 5])).size(), [8, 2]);
/// ```
#[derive(Module)]
pub struct PatchNet {
    conv1: Conv2d,
    conv2: Conv2d,
    fc: Linear,
}

impl PatchNet {
    /// For patches of 5x5 pixels.
    pub fn new(channels: usize, classes: usize) -> Self {
        Self { conv1: Conv2d::new(channels, 4, 3), conv2: Conv2d::new(4, 4, 3), fc: Linear::new(4, classes) }
    }

    /// The same, having asked whether images are such patches.
    pub(super) fn for_images(channels: usize, height: usize, width: usize, classes: usize) -> Result<Self, ModelError> {
        match (height, width) {
            (5, 5) => Ok(Self::new(channels, classes)),
            _ => Err(ModelError::Size { model: "patchnet", height, width, reason: "it is made for patches of 5x5" }),
        }
    }
}

impl Forward for PatchNet {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.conv1.forward_relu(x);
        let x = self.conv2.forward_relu(&x);
        self.fc.forward(&x.flatten(1..))
    }
}
