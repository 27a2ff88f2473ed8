//! The functions that the layers apply: `torch.nn.functional`.
//!
//! What PyTorch has as a method of its tensors (`relu`, `sigmoid`, `tanh`, `softmax`, `log_softmax`) is one of
//! [`Tensor`](crate::Tensor)'s; the rest is here.

pub use crate::ops::linalg::linear::linear;
pub use crate::ops::nn::adaptive_pool::{adaptive_avg_pool1d, adaptive_avg_pool2d};
pub use crate::ops::nn::adaptive_pool::{adaptive_max_pool1d, adaptive_max_pool2d};
pub use crate::ops::nn::avg_pool1d::avg_pool1d;
pub use crate::ops::nn::avg_pool2d::avg_pool2d;
pub use crate::ops::nn::batch_norm::{BatchNormOptions, batch_norm};
pub use crate::ops::nn::celu::celu;
pub use crate::ops::nn::conv_options::{ConvOptions, ConvTransposeOptions};
pub use crate::ops::nn::conv_transpose1d::conv_transpose1d;
pub use crate::ops::nn::conv_transpose2d::conv_transpose2d;
pub use crate::ops::nn::conv1d::conv1d;
pub use crate::ops::nn::conv2d::conv2d;
pub use crate::ops::nn::cross_entropy::{CrossEntropyOptions, cross_entropy};
pub use crate::ops::nn::elu::elu;
pub use crate::ops::nn::gelu::{Approximate, gelu};
pub use crate::ops::nn::glu::glu;
pub use crate::ops::nn::group_norm::group_norm;
pub use crate::ops::nn::hardshrink::hardshrink;
pub use crate::ops::nn::hardsigmoid::hardsigmoid;
pub use crate::ops::nn::hardswish::hardswish;
pub use crate::ops::nn::hardtanh::hardtanh;
pub use crate::ops::nn::instance_norm::{InstanceNormOptions, instance_norm};
pub use crate::ops::nn::layer_norm::layer_norm;
pub use crate::ops::nn::leaky_relu::leaky_relu;
pub use crate::ops::nn::local_response_norm::local_response_norm;
pub use crate::ops::nn::logsigmoid::logsigmoid;
pub use crate::ops::nn::loss::Reduction;
pub use crate::ops::nn::lp_pool::{lp_pool1d, lp_pool2d};
pub use crate::ops::nn::max_pool1d::{max_pool1d, max_pool1d_with_indices};
pub use crate::ops::nn::max_pool2d::{max_pool2d, max_pool2d_with_indices};
pub use crate::ops::nn::max_unpool::{max_unpool1d, max_unpool2d};
pub use crate::ops::nn::mish::mish;
pub use crate::ops::nn::mse_loss::mse_loss;
pub use crate::ops::nn::pool_options::{AvgPoolOptions, MaxPoolOptions};
pub use crate::ops::nn::relu6::relu6;
pub use crate::ops::nn::rms_norm::rms_norm;
pub use crate::ops::nn::selu::selu;
pub use crate::ops::nn::silu::silu;
pub use crate::ops::nn::softmax::softmin;
pub use crate::ops::nn::softplus::softplus;
pub use crate::ops::nn::softshrink::softshrink;
pub use crate::ops::nn::softsign::softsign;
pub use crate::ops::nn::tanhshrink::tanhshrink;
pub use crate::ops::nn::threshold::threshold;
