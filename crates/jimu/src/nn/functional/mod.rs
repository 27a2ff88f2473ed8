//! The functions that the layers apply: `torch.nn.functional`.
//!
//! What PyTorch has as a method of its tensors (`relu`, `sigmoid`, `tanh`, `softmax`, `log_softmax`) is one of
//! [`Tensor`](crate::Tensor)'s; the rest is here.

pub use crate::ops::linalg::cosine_similarity::cosine_similarity;
pub use crate::ops::linalg::linear::linear;
pub use crate::ops::linalg::normalize::normalize;
pub use crate::ops::nn::celu::celu;
pub use crate::ops::nn::conv2d::conv2d;
pub use crate::ops::nn::cross_entropy::{CrossEntropyOptions, cross_entropy};
pub use crate::ops::nn::elu::elu;
pub use crate::ops::nn::gelu::{Approximate, gelu};
pub use crate::ops::nn::glu::glu;
pub use crate::ops::nn::hardshrink::hardshrink;
pub use crate::ops::nn::hardsigmoid::hardsigmoid;
pub use crate::ops::nn::hardswish::hardswish;
pub use crate::ops::nn::hardtanh::hardtanh;
pub use crate::ops::nn::leaky_relu::leaky_relu;
pub use crate::ops::nn::logsigmoid::logsigmoid;
pub use crate::ops::nn::loss::Reduction;
pub use crate::ops::nn::mish::mish;
pub use crate::ops::nn::mse_loss::mse_loss;
pub use crate::ops::nn::relu6::relu6;
pub use crate::ops::nn::selu::selu;
pub use crate::ops::nn::silu::silu;
pub use crate::ops::nn::softmax::softmin;
pub use crate::ops::nn::softplus::softplus;
pub use crate::ops::nn::softshrink::softshrink;
pub use crate::ops::nn::softsign::softsign;
pub use crate::ops::nn::tanhshrink::tanhshrink;
pub use crate::ops::nn::threshold::threshold;
