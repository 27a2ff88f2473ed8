//! The operations that the layers are made of.

pub(crate) mod celu;
pub(crate) mod elu;
pub(crate) mod gelu;
pub(crate) mod glu;
pub(crate) mod hardshrink;
pub(crate) mod hardsigmoid;
pub(crate) mod hardswish;
pub(crate) mod hardtanh;
pub(crate) mod leaky_relu;
pub(crate) mod logsigmoid;
pub(crate) mod mish;
pub(crate) mod relu6;
pub(crate) mod selu;
pub(crate) mod silu;
pub(crate) mod softmax;
pub(crate) mod softplus;
pub(crate) mod softshrink;
pub(crate) mod softsign;
pub(crate) mod tanhshrink;
pub(crate) mod threshold;
mod interpolate;
mod pixel_shuffle;
mod unfold;

pub use interpolate::{Interpolate, InterpolateMode};
pub use unfold::Window;
