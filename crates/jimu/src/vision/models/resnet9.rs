//! ResNet-9.

use crate::nn::functional::MaxPoolOptions;
use crate::nn::{BatchNorm2d, Conv2d, Forward, Linear, Module};
use crate::ops::nn::max_pool2d::max_pool2d_relu;
use crate::tensor::Tensor;

/// Eight 3x3 convolutions, two skips around pairs of them, and a linear layer: the small residual network that made
/// fast training on CIFAR-10 popular (after Page, *How to train your ResNet*, 2018).
///
/// # Args
/// - `channels`: 3 for colour.
/// - `classes`: 10 for CIFAR-10.
///
/// # Shape
/// With each convolution come a batch normalisation and a ReLU.
///
/// | layer | output |
/// |---|---|
/// | input | (n, channels, h, w), at least 8x8 |
/// | `a`, `b`, max-pool 2 | (n, 128, h/2, w/2) |
/// | x + `r2`(`r1`(x)) | (n, 128, h/2, w/2) |
/// | `c`, max-pool 2 | (n, 256, h/4, w/4) |
/// | `d`, max-pool 2 | (n, 512, h/8, w/8) |
/// | x + `r4`(`r3`(x)) | (n, 512, h/8, w/8) |
/// | maximum over height and width | (n, 512) |
/// | `fc` | (n, classes) |
///
/// # Attributes
/// All begin as [`Conv2d`] and [`Linear`] do.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::ResNet9};
/// let model = ResNet9::new(3, 10);
/// assert_eq!(model.num_parameters(), 6_573_130);
/// assert_eq!(model.forward(&Tensor::zeros([2, 3, 16, 16])).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct ResNet9 {
    a: ConvBlock,
    b: ConvBlock,
    r1: ConvBlock,
    r2: ConvBlock,
    c: ConvBlock,
    d: ConvBlock,
    r3: ConvBlock,
    r4: ConvBlock,
    fc: Linear,
}

impl ResNet9 {
    /// With random weights.
    pub fn new(channels: usize, classes: usize) -> Self {
        Self {
            a: ConvBlock::new(channels, 64),
            b: ConvBlock::new(64, 128),
            r1: ConvBlock::new(128, 128),
            r2: ConvBlock::new(128, 128),
            c: ConvBlock::new(128, 256),
            d: ConvBlock::new(256, 512),
            r3: ConvBlock::new(512, 512),
            r4: ConvBlock::new(512, 512),
            fc: Linear::new(512, classes),
        }
    }
}

impl Forward for ResNet9 {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.b.pooled(&self.a.forward(x));
        let x = self.r2.forward(&self.r1.forward(&x)) + x;
        let x = self.d.pooled(&self.c.pooled(&x));
        let x = self.r4.forward(&self.r3.forward(&x)) + x;
        self.fc.forward(&x.amax([2, 3], false))
    }
}

/// A 3x3 convolution without bias, a batch normalisation, a ReLU.
#[derive(Module)]
struct ConvBlock {
    c: Conv2d,
    b: BatchNorm2d,
}

impl ConvBlock {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self { c: Conv2d::new(inputs, outputs, 3).padding(1).bias(false), b: BatchNorm2d::new(outputs) }
    }

    /// With a max-pool of 2 at the end: as good before the ReLU, which never decreases.
    #[track_caller]
    fn pooled(&self, x: &Tensor) -> Tensor {
        max_pool2d_relu(&self.b.forward(&self.c.forward(x)), &MaxPoolOptions::new(2))
    }
}

impl Forward for ConvBlock {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        self.b.forward_relu(&self.c.forward(x))
    }
}
