//! The VGG networks.

use super::initial::{he, small};
use crate::nn::{
    AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Forward, Linear, MaxPool2d, Module, ReLU, Sequential,
};
use crate::sequential;
use crate::tensor::Tensor;

/// Stacks of 3x3 convolutions between poolings: [`torchvision.models.vgg16`](https://pytorch.org/vision/stable/models/vgg.html)
/// and its kin (Simonyan and Zisserman, *Very deep convolutional networks for large-scale image recognition*, 2014).
///
/// | network | convolutions in each of the five stages | parameters for ImageNet |
/// |---|---|---|
/// | VGG-11 | 1, 1, 2, 2, 2 | 132,863,336 |
/// | VGG-13 | 2, 2, 2, 2, 2 | 133,047,848 |
/// | VGG-16 | 2, 2, 3, 3, 3 | 138,357,544 |
/// | VGG-19 | 2, 2, 4, 4, 4 | 143,667,240 |
///
/// The stages have 64, 128, 256, 512 and 512 channels, and each ends with a max-pooling.
///
/// # Args
/// - `depth`: one of the four.
/// - `channels`: 3 for colour.
/// - `classes`: 1000 for ImageNet.
/// - `batch_norm`: whether a batch normalisation follows each convolution; torchvision's `vgg16_bn`.
///
/// # Shape
/// - Input: (n, channels, h, w), at least 32x32, made for 224x224; output: (n, classes).
///
/// # Attributes
/// - `features`: the convolutions, filters from N(0, 2 / (out_channels · 9)), biases 0.
/// - `classifier`: weights from N(0, 0.01²), biases 0.
///
/// # Examples
/// ```
/// use jimu::{DType, Tensor, nn::{Forward, Module}, vision::models::{VGG, VggDepth}};
/// let model = VGG::for_small_images(VggDepth::Vgg11, 3, 10, true);
/// assert_eq!(model.num_parameters(), 9_231_114);
/// assert_eq!(model.forward(&Tensor::empty_meta([2, 3, 32, 32], DType::F32)).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct VGG {
    features: Sequential,
    avgpool: Option<AdaptiveAvgPool2d>,
    classifier: Sequential,
}

/// How many layers with weights a [`VGG`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VggDepth {
    /// Configuration A of the paper.
    Vgg11,
    /// Configuration B.
    Vgg13,
    /// Configuration D.
    Vgg16,
    /// Configuration E.
    Vgg19,
}

impl VggDepth {
    /// The number of convolutions in each stage.
    fn stages(self) -> [usize; 5] {
        match self {
            Self::Vgg11 => [1, 1, 2, 2, 2],
            Self::Vgg13 => [2, 2, 2, 2, 2],
            Self::Vgg16 => [2, 2, 3, 3, 3],
            Self::Vgg19 => [2, 2, 4, 4, 4],
        }
    }
}

const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

impl VGG {
    /// The network for ImageNet's images, with random weights.
    pub fn new(depth: VggDepth, channels: usize, classes: usize, batch_norm: bool) -> Self {
        let classifier = sequential![
            small(Linear::new(512 * 7 * 7, 4096)),
            ReLU,
            Dropout::new(0.5),
            small(Linear::new(4096, 4096)),
            ReLU,
            Dropout::new(0.5),
            small(Linear::new(4096, classes)),
        ];
        let avgpool = Some(AdaptiveAvgPool2d::new(7));
        Self { features: features(depth, channels, batch_norm), avgpool, classifier }
    }

    /// The variant for CIFAR-10's images of 32x32, of which the five poolings leave one pixel: a single linear layer
    /// classifies its 512 channels.
    pub fn for_small_images(depth: VggDepth, channels: usize, classes: usize, batch_norm: bool) -> Self {
        let classifier = sequential![small(Linear::new(512, classes))];
        Self { features: features(depth, channels, batch_norm), avgpool: None, classifier }
    }
}

fn features(depth: VggDepth, channels: usize, batch_norm: bool) -> Sequential {
    let mut layers = Sequential::new();
    let mut inputs = channels;
    for (convolutions, outputs) in depth.stages().into_iter().zip(CHANNELS) {
        for _ in 0..convolutions {
            layers = layers.add(he(Conv2d::new(inputs, outputs, 3).padding(1)));
            if batch_norm {
                layers = layers.add(BatchNorm2d::new(outputs));
            }
            layers = layers.add(ReLU);
            inputs = outputs;
        }
        layers = layers.add(MaxPool2d::new(2));
    }
    layers
}

impl Forward for VGG {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut x = self.features.forward(x);
        if let Some(avgpool) = &self.avgpool {
            x = avgpool.forward(&x);
        }
        self.classifier.forward(&x.flatten(1..))
    }
}
