//! The residual networks of CIFAR-10.

use super::initial::he;
use crate::nn::{BatchNorm2d, Conv2d, Forward, Linear, Module, Sequential};
use crate::tensor::Tensor;

/// The residual network for 32x32 images: a 3x3 convolution, three stages of blocks with 16, 32 and 64 channels, the mean over
/// height and width, a linear layer (He et al., *Deep residual learning for image recognition*, 2015, section 4.2).
///
/// As in the paper the shortcuts have no weights ("option A"): where a stage halves height and width and doubles the
/// channels, every second pixel goes through, between channels of zeros.
///
/// # Args
/// - `channels`: 3 for colour.
/// - `classes`: 10 for CIFAR-10.
///
/// # Shape
/// - Input: (n, channels, h, w), any size; output: (n, classes).
///
/// # Attributes
/// - convolutions: filters from N(0, 2 / (out_channels · 9)), no biases; `fc`: as [`Linear`] begins.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::ResNetCifar};
/// let model = ResNetCifar::resnet20(3, 10);
/// assert_eq!(model.num_parameters(), 269_722);
/// assert_eq!(model.forward(&Tensor::zeros([2, 3, 32, 32])).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct ResNetCifar {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: Sequential,
    layer2: Sequential,
    layer3: Sequential,
    fc: Linear,
}

impl ResNetCifar {
    /// Three blocks in each stage, 20 layers with weights.
    pub fn resnet20(channels: usize, classes: usize) -> Self {
        Self::with_blocks(channels, classes, 3)
    }

    /// `blocks` blocks in each stage, 6·blocks + 2 layers with weights: 5 for ResNet-32, 9 for ResNet-56.
    ///
    /// ```
    /// use jimu::{nn::Module, vision::models::ResNetCifar};
    /// assert_eq!(ResNetCifar::with_blocks(3, 10, 9).num_parameters(), 853_018);
    /// ```
    pub fn with_blocks(channels: usize, classes: usize, blocks: usize) -> Self {
        Self {
            conv1: conv(channels, 16, 1),
            bn1: BatchNorm2d::new(16),
            layer1: stage(16, 16, blocks),
            layer2: stage(16, 32, blocks),
            layer3: stage(32, 64, blocks),
            fc: Linear::new(64, classes),
        }
    }
}

impl Forward for ResNetCifar {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.bn1.forward_relu(&self.conv1.forward(x));
        let x = self.layer3.forward(&self.layer2.forward(&self.layer1.forward(&x)));
        self.fc.forward(&x.mean_dim([2, 3], false))
    }
}

fn conv(inputs: usize, outputs: usize, stride: usize) -> Conv2d {
    he(Conv2d::new(inputs, outputs, 3).stride(stride).padding(1).bias(false))
}

fn stage(inputs: usize, outputs: usize, blocks: usize) -> Sequential {
    let block = |index| CifarBlock::new(if index == 0 { inputs } else { outputs }, outputs);
    (0..blocks).fold(Sequential::new(), |stage, index| stage.add(block(index)))
}

#[derive(Module)]
struct CifarBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    widens: bool,
}

impl CifarBlock {
    fn new(inputs: usize, outputs: usize) -> Self {
        let widens = inputs != outputs;
        Self {
            conv1: conv(inputs, outputs, if widens { 2 } else { 1 }),
            bn1: BatchNorm2d::new(outputs),
            conv2: conv(outputs, outputs, 1),
            bn2: BatchNorm2d::new(outputs),
            widens,
        }
    }
}

impl Forward for CifarBlock {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.bn1.forward_relu(&self.conv1.forward(x));
        let y = self.bn2.forward(&self.conv2.forward(&y));
        (y + if self.widens { subsampled(x) } else { x.clone() }).relu()
    }
}

/// Every second pixel of every second row, with half as many channels of zeros before and after.
fn subsampled(x: &Tensor) -> Tensor {
    let [height, width] = [2, 3].map(|dim| x.size()[dim] as isize);
    let x = x.slice(2, 0, height, 2).slice(3, 0, width, 2);
    let zeros = x.size()[1] as isize / 2;
    x.pad_constant([0, 0, 0, 0, zeros, zeros], 0.0)
}
