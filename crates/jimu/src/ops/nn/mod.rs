//! The operations that the layers are made of.

pub(crate) mod avg_pool2d;
pub(crate) mod celu;
pub(crate) mod conv2d;
pub(crate) mod cross_entropy;
pub(crate) mod elu;
pub(crate) mod gelu;
pub(crate) mod glu;
pub(crate) mod hardshrink;
pub(crate) mod hardsigmoid;
pub(crate) mod hardswish;
pub(crate) mod hardtanh;
mod interpolate;
pub(crate) mod leaky_relu;
pub(crate) mod logsigmoid;
pub(crate) mod loss;
pub(crate) mod max_pool2d;
pub(crate) mod mish;
pub(crate) mod mse_loss;
pub(crate) mod pair;
mod pixel_shuffle;
mod planes;
pub(crate) mod relu6;
pub(crate) mod selu;
pub(crate) mod silu;
pub(crate) mod softmax;
pub(crate) mod softplus;
pub(crate) mod softshrink;
pub(crate) mod softsign;
pub(crate) mod tanhshrink;
pub(crate) mod threshold;
mod unfold;

pub use interpolate::{Interpolate, InterpolateMode};
pub use unfold::Window;
