//! The arithmetic of jimu: plain functions over slices and geometry. They know no tensor.
//!
//! This is the only crate with `unsafe` in it, and every block says why it is sound.

pub mod buffer;
pub mod gemm;
pub mod math;
pub mod reduce;
pub mod softmax;
pub mod strided;
pub mod threads;
