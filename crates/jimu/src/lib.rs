#![doc = include_str!("guide.md")]
#![forbid(unsafe_code)]

extern crate self as jimu;

mod autocast;
pub mod autograd;
pub mod data;
mod device;
mod dtype;
mod error;
pub mod io;
pub mod nn;
mod ops;
pub mod optim;
pub mod profiler;
mod tensor;
mod threads;
pub mod train;
pub mod vision;

pub use autocast::{Precision, autocast, autocast_precision};
pub use autograd::no_grad;
pub use device::Device;
pub use dtype::{DType, Element};
pub use error::ShapeError;
pub use ops::binary::div_rounded::Rounding;
pub use ops::index::{PadMode, Repeats, Unique};
pub use ops::nn::{Interpolate, InterpolateMode, Window};
pub use ops::operand::TensorOrScalar;
pub use ops::reduce::QuantileInterpolation;
pub use ops::view::{Index, Indexing, IntoIndices};
pub use tensor::{
    Dims, IntoTensor, Scalar, Shape, Tensor, Value, get_rng_state, initial_seed, manual_seed, set_rng_state,
};
pub use threads::{num_threads, set_num_threads};
