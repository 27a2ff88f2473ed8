//! PyTorch's [`.pt` and `.pth`](https://pytorch.org/docs/stable/generated/torch.save.html) files: a zip archive of a
//! pickle, which describes a value, and of the elements of its tensors. `torch.load` reads what [`save`] writes, with
//! `weights_only=True` too, and [`load`] what `torch.save` writes of numbers, texts, lists, dictionaries and tensors.
//!
//! A pickle is a program: loaded by Python it can do whatever its author likes. Here it can name what is on a short list
//! and nothing else, so no file can run code; whatever else it names is refused by name.
//!
//! ```
//! use jimu::io::torch;
//! use jimu::nn::{Linear, Module};
//! use jimu::optim::{Adam, Optimizer};
//! use jimu::io::{Dict, Value};
//!
//! let model = Linear::new(3, 2);
//! let mut optimizer = Adam::new(model.parameters(), 1e-3);
//! let path = tempfile::tempdir()?.keep().join("checkpoint.pt");
//! // torch.save({"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
//! let checkpoint = Dict::from_iter([
//!     ("epoch".into(), Value::from(3)),
//!     ("model".into(), Value::from(&model.state_dict())),
//!     ("optimizer".into(), Value::from(&optimizer.state_dict())),
//! ]);
//! torch::save(&path, &checkpoint.into())?;
//!
//! let checkpoint = torch::load(&path)?;
//! model.load_state_dict(&torch::to_state_dict(checkpoint.get("model").unwrap())?)?;
//! optimizer.load_state_dict(&torch::to_optimizer_state(checkpoint.get("optimizer").unwrap())?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```text
//! pickle.rs    the machine that runs pickles, as far as data needs it
//! globals.rs   what a pickle may name
//! rebuild.rs   tensors from their elements
//! write.rs     pickles and archives
//! convert.rs   state dicts of models and optimisers
//! ```

mod convert;
mod globals;
mod pickle;
mod rebuild;
mod write;

use std::path::Path;

use thiserror::Error;

pub use convert::{to_optimizer_state, to_state_dict};
pub use write::to_bytes;

use super::Value;
use super::archive::Archive;
use crate::nn::StateDict;

/// Why bytes are not a value in PyTorch's format.
#[derive(Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file is of another format.
    #[error("this is not a PyTorch file: {0}")]
    NotTorch(String),
    /// The file is in the format of PyTorch before 1.6.
    #[error(
        "the file is in PyTorch's old format, from before version 1.6\n  \
         help: load it in PyTorch and save it again: torch.save(torch.load(path), path)"
    )]
    Legacy,
    /// The file holds a program.
    #[error(
        "the file holds a TorchScript program, not a value\n  \
         help: save its weights: torch.save(torch.jit.load(path).state_dict(), path)"
    )]
    TorchScript,
    /// The archive or the pickle contradicts itself.
    #[error("the PyTorch file is damaged: {0}\n  help: copy or download it again")]
    Damaged(String),
    /// The pickle names something that is not on the list of what it may name. Nothing of it was run.
    #[error(
        "the file asks for {name}, which is not allowed: a file holds values, and runs no code\n  \
         help: save what is made of tensors, numbers, texts, lists and dictionaries, such as model.state_dict()"
    )]
    Forbidden {
        /// The Python name, with its module.
        name: String,
    },
    /// A tensor's elements are of a type that jimu has not.
    #[error("a tensor has elements of type {dtype}, which jimu does not have\n  help: convert it before saving")]
    UnsupportedDtype {
        /// The type, as the file names it.
        dtype: String,
    },
    /// The value is of a kind that jimu has not.
    #[error("the file holds {0}, which jimu does not read")]
    Unsupported(String),
    /// The value can be read, but is not what was asked for.
    #[error("{0}")]
    Mismatch(String),
}

/// Why a value could not be loaded or saved.
pub type FileError = super::FileError<FormatError>;

/// Writes a value to a file, which is replaced whole or not at all: `torch.save(value, path)`.
///
/// # Errors
/// If the file cannot be written; an old file of that name is as it was.
///
/// # Examples
/// ```
/// use jimu::{Tensor, io::{Value, torch}};
/// let path = tempfile::tempdir()?.keep().join("pair.pt");
/// torch::save(&path, &Value::List(vec![3.into(), Tensor::new([1.0, 2.0]).into()]))?;
/// let loaded = torch::load(&path)?;
/// let pair = loaded.as_list().unwrap();
/// assert_eq!(pair[0].as_int(), Some(3));
/// assert_eq!(pair[1].as_tensor().unwrap().to_vec::<f32>(), [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(path: impl AsRef<Path>, value: &Value) -> Result<(), FileError> {
    super::error::save(path.as_ref(), &to_bytes(value))
}

/// Reads the value of a file: `torch.load(path)`.
///
/// Tensors that share elements in the file share them here, until one is written to. `float16` and `bfloat16` become
/// `f32`, and whole numbers become `i64`, but for `uint8`. Sets become lists; `dtype`s and devices become texts.
///
/// # Errors
/// If the file cannot be read, is not in the format, is damaged, or holds or names what jimu does not read.
///
/// ```
/// use jimu::io::torch;
/// let error = torch::load("no/such.pth").unwrap_err();
/// assert!(error.to_string().starts_with("cannot read no/such.pth: "));
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<Value, FileError> {
    super::error::load(path.as_ref(), from_bytes)
}

/// Reads a model's `state_dict`.
///
/// # Errors
/// As [`load`], and if the file holds something else than tensors by name.
///
/// ```
/// use jimu::io::torch;
/// use jimu::nn::{Linear, Module};
/// let path = tempfile::tempdir()?.keep().join("linear.pth");
/// torch::save_pth(&path, &Linear::new(3, 2).state_dict())?;
/// Linear::new(3, 2).load_state_dict(&torch::load_pth(&path)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_pth(path: impl AsRef<Path>) -> Result<StateDict, FileError> {
    super::error::load(path.as_ref(), |bytes| to_state_dict(&from_bytes(bytes)?))
}

/// Writes a model's `state_dict`, for PyTorch's `model.load_state_dict(torch.load(path))`.
///
/// # Errors
/// As [`save`].
///
/// ```
/// use jimu::{Tensor, io::torch, nn::StateDict};
/// let path = tempfile::tempdir()?.keep().join("weights.pth");
/// torch::save_pth(&path, &StateDict::from_iter([("w".to_owned(), Tensor::zeros([2]))]))?;
/// assert_eq!(torch::load_pth(&path)?["w"].size(), [2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save_pth(path: impl AsRef<Path>, state: &StateDict) -> Result<(), FileError> {
    save(path, &Value::from(state))
}

/// How a file of PyTorch before 1.6 begins: a pickled number.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// Whether a file is in the format of PyTorch before 1.6.
pub(super) fn is_legacy(bytes: &[u8]) -> bool {
    bytes.starts_with(LEGACY)
}

/// The value in the content of a file.
///
/// # Errors
/// As [`load`].
///
/// ```
/// use jimu::io::torch::{self, FormatError};
/// assert!(matches!(torch::from_bytes(b"\x89HDF\r\n"), Err(FormatError::NotTorch(_))));
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<Value, FormatError> {
    if is_legacy(bytes) {
        return Err(FormatError::Legacy);
    }
    if !bytes.starts_with(b"PK") {
        return Err(FormatError::NotTorch("it is no zip archive".into()));
    }
    let archive = Archive::open(bytes).map_err(|error| FormatError::Damaged(error.to_string()))?;
    let names = archive.names().map_err(FormatError::Damaged)?;
    // The folder is called as the file was when it was saved.
    let folder = names.iter().find_map(|name| name.strip_suffix("/data.pkl")).map(str::to_owned);
    let folder = folder.ok_or_else(|| FormatError::NotTorch("the zip archive has no data.pkl".into()))?;
    if names.iter().any(|name| *name == format!("{folder}/constants.pkl")) {
        return Err(FormatError::TorchScript);
    }
    let mut storages = rebuild::Storages::open(archive, folder, &names)?;
    let program = storages.program()?;
    pickle::run(&program, &mut storages)
}

#[cfg(test)]
mod tests;
