//! How torchvision's networks begin.

use crate::nn::init::{self, FanMode, Nonlinearity};
use crate::nn::{Conv2d, Linear};

/// The convolution with filters from N(0, 2 / (out_channels · window)), which keeps the gradients' size through a ReLU,
/// and a bias of zeros.
pub(super) fn he(conv: Conv2d) -> Conv2d {
    init::kaiming_normal_(&conv.weight, FanMode::FanOut, Nonlinearity::Relu);
    if let Some(bias) = &conv.bias {
        init::zeros_(bias);
    }
    conv
}

/// The linear layer with weights from N(0, 0.01²) and a bias of zeros.
pub(super) fn small(linear: Linear) -> Linear {
    init::normal_(&linear.weight, 0.0, 0.01);
    if let Some(bias) = &linear.bias {
        init::zeros_(bias);
    }
    linear
}
