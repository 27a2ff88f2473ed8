//! AlexNet.

use crate::nn::{AdaptiveAvgPool2d, Conv2d, Dropout, Forward, Linear, MaxPool2d, Module, ReLU, Sequential};
use crate::sequential;
use crate::tensor::Tensor;

/// Five convolutions and three linear layers:
/// [`torchvision.models.alexnet`](https://pytorch.org/vision/stable/models/alexnet.html), the one-tower form of the network
/// that won the ImageNet contest of 2012 (Krizhevsky, *One weird trick for parallelizing convolutional neural
/// networks*, 2014).
///
/// # Args
/// - `channels`: 3 for colour.
/// - `classes`: 1000 for ImageNet.
/// - [`dropout`](Self::dropout): the probability in the classifier, by default 0.5.
///
/// # Shape
/// - Input: (n, channels, h, w), at least 63x63, made for 224x224; output: (n, classes).
///
/// # Attributes
/// - `features`: the convolutions; `classifier`: the linear layers. All begin as [`Conv2d`] and [`Linear`] do.
///
/// # Examples
/// ```
/// use jimu::{DType, Tensor, nn::{Forward, Module}, vision::models::AlexNet};
/// let model = AlexNet::new(3, 1000);
/// assert_eq!(model.num_parameters(), 61_100_840);
/// assert_eq!(model.forward(&Tensor::empty_meta([2, 3, 224, 224], DType::F32)).size(), [2, 1000]);
/// ```
#[derive(Module)]
pub struct AlexNet {
    features: Sequential,
    avgpool: AdaptiveAvgPool2d,
    classifier: Sequential,
    #[module(skip)]
    classes: usize,
}

impl AlexNet {
    /// With random weights.
    pub fn new(channels: usize, classes: usize) -> Self {
        let features = sequential![
            Conv2d::new(channels, 64, 11).stride(4).padding(2),
            ReLU,
            MaxPool2d::new(3).stride(2),
            Conv2d::new(64, 192, 5).padding(2),
            ReLU,
            MaxPool2d::new(3).stride(2),
            Conv2d::new(192, 384, 3).padding(1),
            ReLU,
            Conv2d::new(384, 256, 3).padding(1),
            ReLU,
            Conv2d::new(256, 256, 3).padding(1),
            ReLU,
            MaxPool2d::new(3).stride(2),
        ];
        Self { features, avgpool: AdaptiveAvgPool2d::new(6), classifier: classifier(0.5, classes), classes }
    }

    /// The probability of dropping in the classifier, whose weights are drawn anew.
    ///
    /// # Panics
    /// If `p` is not from 0 to 1.
    ///
    /// ```
    /// use jimu::vision::models::AlexNet;
    /// assert!(AlexNet::new(3, 10).dropout(0.2).to_string().contains("Dropout(p=0.2"));
    /// ```
    #[track_caller]
    pub fn dropout(mut self, p: f64) -> Self {
        self.classifier = classifier(p, self.classes);
        self
    }
}

#[track_caller]
fn classifier(dropout: f64, classes: usize) -> Sequential {
    sequential![
        Dropout::new(dropout),
        Linear::new(256 * 6 * 6, 4096),
        ReLU,
        Dropout::new(dropout),
        Linear::new(4096, 4096),
        ReLU,
        Linear::new(4096, classes),
    ]
}

impl Forward for AlexNet {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.avgpool.forward(&self.features.forward(x));
        self.classifier.forward(&x.flatten(1..))
    }
}
