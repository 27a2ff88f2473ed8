//! The residual networks of ImageNet.

use super::initial::he;
use crate::nn::{AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Forward, Linear, MaxPool2d, Module, ReLU, Sequential};
use crate::sequential;
use crate::tensor::Tensor;

/// Convolutions whose blocks add to their input instead of replacing it:
/// [`torchvision.models.resnet18`](https://pytorch.org/vision/stable/models/resnet.html) and its kin (He et al., *Deep
/// residual learning for image recognition*, 2015).
///
/// | network | blocks in each of the four stages | parameters for ImageNet |
/// |---|---|---|
/// | [`resnet18`](Self::resnet18) | 2, 2, 2, 2 of two 3x3 convolutions | 11,689,512 |
/// | [`resnet34`](Self::resnet34) | 3, 4, 6, 3 of two 3x3 convolutions | 21,797,672 |
/// | [`resnet50`](Self::resnet50) | 3, 4, 6, 3 of a 1x1, a 3x3 and a 1x1 convolution | 25,557,032 |
///
/// The first block of a stage halves height and width (but for the first stage's), in its 3x3 convolution.
///
/// # Args
/// - `channels`: 3 for colour.
/// - `classes`: 1000 for ImageNet.
///
/// # Shape
/// - Input: (n, channels, h, w), any size, made for 224x224; output: (n, classes).
///
/// # Attributes
/// - `conv1`, `layer1` to `layer4`: filters from N(0, 2 / (out_channels · window)), no biases.
/// - `fc`: as [`Linear`] begins.
///
/// # Examples
/// ```
/// use jimu::{DType, Tensor, nn::{Forward, Module}, vision::models::ResNet};
/// let model = ResNet::resnet18(3, 1000);
/// assert_eq!(model.num_parameters(), 11_689_512);
/// assert_eq!(model.forward(&Tensor::empty_meta([2, 3, 224, 224], DType::F32)).size(), [2, 1000]);
/// assert!(model.state_dict().contains_key("layer2.0.downsample.0.weight"));
/// ```
#[derive(Module)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    relu: ReLU,
    maxpool: MaxPool2d,
    layer1: Sequential,
    layer2: Sequential,
    layer3: Sequential,
    layer4: Sequential,
    avgpool: AdaptiveAvgPool2d,
    fc: Linear,
}

impl ResNet {
    /// 18 layers with weights.
    pub fn resnet18(channels: usize, classes: usize) -> Self {
        Self::build(channels, classes, Kind::Basic, [2, 2, 2, 2])
    }

    /// 34 layers with weights.
    pub fn resnet34(channels: usize, classes: usize) -> Self {
        Self::build(channels, classes, Kind::Basic, [3, 4, 6, 3])
    }

    /// 50 layers with weights.
    ///
    /// ```
    /// use jimu::{nn::Module, vision::models::ResNet};
    /// assert_eq!(ResNet::resnet50(3, 1000).num_parameters(), 25_557_032);
    /// ```
    pub fn resnet50(channels: usize, classes: usize) -> Self {
        Self::build(channels, classes, Kind::Bottleneck, [3, 4, 6, 3])
    }

    fn build(channels: usize, classes: usize, kind: Kind, blocks: [usize; 4]) -> Self {
        let outputs = 512 * kind.expansion();
        let inputs = |planes: usize| planes / 2 * kind.expansion();
        Self {
            conv1: he(Conv2d::new(channels, 64, 7).stride(2).padding(3).bias(false)),
            bn1: BatchNorm2d::new(64),
            relu: ReLU,
            maxpool: MaxPool2d::new(3).stride(2).padding(1),
            layer1: kind.stage(64, 64, blocks[0], 1),
            layer2: kind.stage(inputs(128), 128, blocks[1], 2),
            layer3: kind.stage(inputs(256), 256, blocks[2], 2),
            layer4: kind.stage(inputs(512), 512, blocks[3], 2),
            avgpool: AdaptiveAvgPool2d::new(1),
            fc: Linear::new(outputs, classes),
        }
    }
}

impl Forward for ResNet {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.bn1.forward_relu(&self.conv1.forward(x));
        let x = self.layer1.forward(&self.maxpool.forward(&x));
        let x = self.layer4.forward(&self.layer3.forward(&self.layer2.forward(&x)));
        self.fc.forward(&self.avgpool.forward(&x).flatten(1..))
    }
}

/// What a stage is made of.
#[derive(Clone, Copy)]
enum Kind {
    Basic,
    Bottleneck,
}

impl Kind {
    /// The channels that leave a block, over those of its 3x3 convolutions.
    fn expansion(self) -> usize {
        match self {
            Self::Basic => 1,
            Self::Bottleneck => 4,
        }
    }

    fn stage(self, inputs: usize, planes: usize, blocks: usize, stride: usize) -> Sequential {
        let outputs = planes * self.expansion();
        (0..blocks).fold(Sequential::new(), |stage, index| {
            let (inputs, stride) = if index == 0 { (inputs, stride) } else { (outputs, 1) };
            match self {
                Self::Basic => stage.add(BasicBlock::new(inputs, planes, stride)),
                Self::Bottleneck => stage.add(Bottleneck::new(inputs, planes, stride)),
            }
        })
    }
}

/// A 1x1 convolution of the block's input, where its shape is not the output's.
fn downsample(inputs: usize, outputs: usize, stride: usize) -> Option<Sequential> {
    (stride != 1 || inputs != outputs)
        .then(|| sequential![he(Conv2d::new(inputs, outputs, 1).stride(stride).bias(false)), BatchNorm2d::new(outputs)])
}

fn shortcut(x: &Tensor, downsample: &Option<Sequential>) -> Tensor {
    match downsample {
        Some(downsample) => downsample.forward(x),
        None => x.clone(),
    }
}

#[derive(Module)]
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    relu: ReLU,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    downsample: Option<Sequential>,
}

impl BasicBlock {
    fn new(inputs: usize, planes: usize, stride: usize) -> Self {
        Self {
            conv1: he(Conv2d::new(inputs, planes, 3).stride(stride).padding(1).bias(false)),
            bn1: BatchNorm2d::new(planes),
            relu: ReLU,
            conv2: he(Conv2d::new(planes, planes, 3).padding(1).bias(false)),
            bn2: BatchNorm2d::new(planes),
            downsample: downsample(inputs, planes, stride),
        }
    }
}

impl Forward for BasicBlock {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.bn1.forward_relu(&self.conv1.forward(x));
        let y = self.bn2.forward(&self.conv2.forward(&y));
        self.relu.forward(&(y + shortcut(x, &self.downsample)))
    }
}

#[derive(Module)]
struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Conv2d,
    bn3: BatchNorm2d,
    relu: ReLU,
    downsample: Option<Sequential>,
}

impl Bottleneck {
    fn new(inputs: usize, planes: usize, stride: usize) -> Self {
        let outputs = 4 * planes;
        Self {
            conv1: he(Conv2d::new(inputs, planes, 1).bias(false)),
            bn1: BatchNorm2d::new(planes),
            conv2: he(Conv2d::new(planes, planes, 3).stride(stride).padding(1).bias(false)),
            bn2: BatchNorm2d::new(planes),
            conv3: he(Conv2d::new(planes, outputs, 1).bias(false)),
            bn3: BatchNorm2d::new(outputs),
            relu: ReLU,
            downsample: downsample(inputs, outputs, stride),
        }
    }
}

impl Forward for Bottleneck {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.bn1.forward_relu(&self.conv1.forward(x));
        let y = self.bn2.forward_relu(&self.conv2.forward(&y));
        let y = self.bn3.forward(&self.conv3.forward(&y));
        self.relu.forward(&(y + shortcut(x, &self.downsample)))
    }
}
