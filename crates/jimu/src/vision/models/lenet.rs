//! LeNet.

use super::ModelError;
use crate::nn::functional::MaxPoolOptions;
use crate::nn::{Conv2d, Forward, Linear, Module};
use crate::ops::nn::max_pool2d::max_pool2d_relu;
use crate::tensor::Tensor;

/// Two convolutions and three linear layers, with ReLU and max-pooling: the modern form of LeNet-5 (LeCun et al.,
/// *Gradient-based learning applied to document recognition*, 1998).
///
/// # Shape
/// For the course's network on 28x28 images:
///
/// | layer | output |
/// |---|---|
/// | input | (n, 1, 28, 28) |
/// | `conv1` 5x5, ReLU | (n, 6, 24, 24) |
/// | max-pool 2 | (n, 6, 12, 12) |
/// | `conv2` 5x5, ReLU | (n, 16, 8, 8) |
/// | max-pool 2, flatten | (n, 256) |
/// | `fc1`, ReLU | (n, 120) |
/// | `fc2`, ReLU | (n, 84) |
/// | `fc3` | (n, 10) |
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::LeNet};
/// let model = LeNet::new();
/// assert_eq!(model.num_parameters(), 44_426);
/// assert_eq!(model.forward(&Tensor::zeros([64, 1, 28, 28])).size(), [64, 10]);
/// ```
#[derive(Module)]
pub struct LeNet {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Default for LeNet {
    fn default() -> Self {
        Self::new()
    }
}

impl LeNet {
    /// The course's network: 28x28 grey images, 10 classes, no padding.
    pub fn new() -> Self {
        Self::build(1, 0, 4 * 4, 10)
    }

    /// The course's network for images of another size: two 5x5 convolutions without padding.
    ///
    /// # Errors
    /// If an image is smaller than 16x16, which leaves no pixel.
    pub fn for_images(channels: usize, height: usize, width: usize, classes: usize) -> Result<Self, ModelError> {
        Ok(Self::build(channels, 0, features("lenet", height, width, 0)?, classes))
    }

    /// LeNet-5 proper: 400 features after the convolutions, for which 28x28 images are padded by 2 to the 32x32 of the
    /// paper.
    ///
    /// # Errors
    /// If an image is smaller than 12x12, which leaves no pixel.
    ///
    /// # Examples
    /// ```
    /// use jimu::{nn::Module, vision::models::LeNet};
    /// assert_eq!(LeNet::lenet5(1, 28, 28, 10)?.num_parameters(), 61_706);
    /// assert_eq!(LeNet::lenet5(3, 32, 32, 10)?.num_parameters(), 62_006);
    /// # Ok::<(), jimu::vision::models::ModelError>(())
    /// ```
    pub fn lenet5(channels: usize, height: usize, width: usize, classes: usize) -> Result<Self, ModelError> {
        let padding = if height.min(width) < 32 { 2 } else { 0 };
        Ok(Self::build(channels, padding, features("lenet5", height, width, padding)?, classes))
    }

    /// `pixels` are left in each of the 16 channels after the convolutions.
    fn build(channels: usize, padding: usize, pixels: usize, classes: usize) -> Self {
        Self {
            conv1: Conv2d::new(channels, 6, 5).padding(padding),
            conv2: Conv2d::new(6, 16, 5),
            fc1: Linear::new(16 * pixels, 120),
            fc2: Linear::new(120, 84),
            fc3: Linear::new(84, classes),
        }
    }
}

/// The pixels that two 5x5 convolutions, each with a pooling, leave.
fn features(model: &'static str, height: usize, width: usize, padding: usize) -> Result<usize, ModelError> {
    let left = |size: usize| ((size + 2 * padding).saturating_sub(4) / 2).saturating_sub(4) / 2;
    match left(height) * left(width) {
        0 => Err(ModelError::Size { model, height, width, reason: "two 5x5 convolutions with pooling leave no pixel" }),
        pixels => Ok(pixels),
    }
}

/// A convolution with ReLU and pooling.
fn halved(convolution: &Conv2d, x: &Tensor) -> Tensor {
    // Pooling before ReLU, which never decreases, is as good as after it.
    let one_by_one = || max_pool2d_relu(&convolution.forward(x), &MaxPoolOptions::new(2));
    convolution.forward_max_pool2d_relu(x).unwrap_or_else(one_by_one)
}

impl Forward for LeNet {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = halved(&self.conv1, x);
        let x = halved(&self.conv2, &x);
        let x = self.fc1.forward(&x.flatten(1..)).relu();
        self.fc3.forward(&self.fc2.forward(&x).relu())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_too_small_are_refused() {
        assert!(LeNet::for_images(1, 16, 16, 10).is_ok());
        let message = LeNet::for_images(1, 15, 15, 10).err().unwrap().to_string();
        assert_eq!(
            message,
            "lenet cannot take images of 15x15: two 5x5 convolutions with pooling leave no pixel\n  help: resize them, or choose another model"
        );
    }
}
