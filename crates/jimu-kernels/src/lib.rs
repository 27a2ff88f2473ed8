//! The arithmetic of jimu: plain functions over slices and geometry. They know no tensor.
//!
//! This is the only crate with `unsafe` in it, and every block says why it is sound.

pub mod attention;
pub mod buffer;
pub mod conv2d;
pub mod cross_entropy;
mod cut;
mod dots;
pub mod gemm;
mod lanes;
pub mod log;
pub mod math;
pub mod mixed;
pub mod normalize;
pub mod optimizer;
pub mod peak;
pub mod pixels;
pub mod pool2d;
pub mod pooled;
mod prefetch;
mod product;
pub mod recurrent;
pub mod reduce;
mod shared;
pub mod simd;
pub mod softmax;
pub mod strided;
pub mod threads;
mod transpose;
