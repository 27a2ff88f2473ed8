//! How torchvision's networks begin.

use crate::nn::Conv2d;
use crate::nn::init::{self, FanMode, Nonlinearity};

/// The convolution with filters from N(0, 2 / (out_channels · window)), which keeps the gradients' size through a ReLU,
/// and a bias of zeros.
pub(super) fn he(conv: Conv2d) -> Conv2d {
    init::kaiming_normal_(&conv.weight, FanMode::FanOut, Nonlinearity::Relu);
    if let Some(bias) = &conv.bias {
        init::zeros_(bias);
    }
    conv
}
