//! Deep learning from building blocks.
#![forbid(unsafe_code)]

extern crate self as jimu;

pub mod autograd;
mod device;
mod dtype;
mod error;
mod ops;
mod tensor;
pub mod vision;

pub use autograd::no_grad;
pub use device::Device;
pub use dtype::{DType, Element};
pub use error::ShapeError;
pub use ops::view::{Index, IntoIndices};
pub use tensor::{Dims, IntoTensor, Scalar, Shape, Tensor, initial_seed, manual_seed};
