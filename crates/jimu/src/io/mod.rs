//! Files of tensors: [`safetensors`], which PyTorch and most other tools read and write too.

mod atomic;
pub mod safetensors;

pub use atomic::write_atomically;
