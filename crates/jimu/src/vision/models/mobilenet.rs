//! MobileNetV2.

use super::initial::{he, small};
use crate::nn::{BatchNorm2d, Conv2d, Dropout, Forward, Linear, Module, ReLU6, Sequential};
use crate::sequential;
use crate::tensor::Tensor;

/// Blocks that widen their input by a 1x1 convolution, filter each channel on its own, and narrow it again:
/// [`torchvision.models.mobilenet_v2`](https://pytorch.org/vision/stable/models/mobilenetv2.html) (Sandler et al.,
/// *MobileNetV2: inverted residuals and linear bottlenecks*, 2018).
///
/// # Args
/// - `channels`: 3 for colour.
/// - `classes`: 1000 for ImageNet.
///
/// # Shape
/// - Input: (n, channels, h, w), any size, made for 224x224; output: (n, classes).
///
/// # Attributes
/// - convolutions: filters from N(0, 2 / (out_channels · window)), no biases.
/// - `classifier`: weights from N(0, 0.01²), biases 0.
///
/// # Examples
/// ```
/// use jimu::{DType, Tensor, nn::{Forward, Module}, vision::models::MobileNetV2};
/// let model = MobileNetV2::new(3, 1000);
/// assert_eq!(model.num_parameters(), 3_504_872);
/// assert_eq!(model.forward(&Tensor::empty_meta([2, 3, 224, 224], DType::F32)).size(), [2, 1000]);
/// ```
#[derive(Module)]
pub struct MobileNetV2 {
    features: Sequential,
    classifier: Sequential,
}

/// For each stage: how often the channels are widened, the channels that leave it, blocks, stride of the first block.
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

impl MobileNetV2 {
    /// With random weights.
    pub fn new(channels: usize, classes: usize) -> Self {
        let mut features = Sequential::new().add(conv(channels, 32, 3, 2, 1));
        let mut inputs = 32;
        for (widening, outputs, blocks, stride) in STAGES {
            for index in 0..blocks {
                let stride = if index == 0 { stride } else { 1 };
                features = features.add(InvertedResidual::new(inputs, outputs, stride, widening));
                inputs = outputs;
            }
        }
        let features = features.add(conv(inputs, 1280, 1, 1, 1));
        Self { features, classifier: sequential![Dropout::new(0.2), small(Linear::new(1280, classes))] }
    }
}

impl Forward for MobileNetV2 {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        self.classifier.forward(&self.features.forward(x).mean_dim([2, 3], false))
    }
}

/// A convolution that keeps the size but for its stride, a batch normalisation, a ReLU up to 6.
fn conv(inputs: usize, outputs: usize, kernel: usize, stride: usize, groups: usize) -> Sequential {
    let conv = Conv2d::new(inputs, outputs, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false);
    sequential![he(conv), BatchNorm2d::new(outputs), ReLU6]
}

#[derive(Module)]
struct InvertedResidual {
    conv: Sequential,
    /// Whether the input is added to the output, which has its shape.
    adds: bool,
}

impl InvertedResidual {
    fn new(inputs: usize, outputs: usize, stride: usize, widening: usize) -> Self {
        let hidden = inputs * widening;
        let mut layers = Sequential::new();
        if widening != 1 {
            layers = layers.add(conv(inputs, hidden, 1, 1, 1));
        }
        let layers = layers
            .add(conv(hidden, hidden, 3, stride, hidden))
            .add(he(Conv2d::new(hidden, outputs, 1).bias(false)))
            .add(BatchNorm2d::new(outputs));
        Self { conv: layers, adds: stride == 1 && inputs == outputs }
    }
}

impl Forward for InvertedResidual {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.conv.forward(x);
        if self.adds { y + x } else { y }
    }
}
