//! Files of tensors: [`safetensors`], which PyTorch and most other tools read and write too.

mod atomic;
pub mod safetensors;
mod value;

pub use atomic::write_atomically;
pub(crate) use value::FromValue;
pub use value::{Dict, Key, Value};
