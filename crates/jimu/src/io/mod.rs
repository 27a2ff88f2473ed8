//! Files of tensors.
//!
//! | module | files | who else reads and writes them |
//! |---|---|---|
//! | [`safetensors`] | `.safetensors` | PyTorch and most other tools |
//! | [`torch`] | `.pt`, `.pth` | PyTorch: models, optimisers, whatever is made of numbers, texts, lists and dictionaries |
//! | [`npy`], [`npz`] | `.npy`, `.npz` | NumPy and most other tools |
//!
//! [`load_weights`] reads weights from a file of any of them.
//!
//! Whatever a file holds, reading it runs no code of its own and claims no more memory than its size can answer for.

mod archive;
mod atomic;
mod bytes;
mod error;
pub mod npy;
pub mod npz;
pub mod safetensors;
pub mod torch;
mod value;
mod weights;

pub use atomic::write_atomically;
pub use error::FileError;
pub(crate) use value::FromValue;
pub use value::{Dict, Key, Value};
pub use weights::{WeightsError, load_weights};
