//! [Safetensors](https://huggingface.co/docs/safetensors): tensors by name in one file, with a table of strings beside
//! them. PyTorch's `safetensors.torch.load_file` reads what [`save`] writes, and [`load`] what `save_file` writes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensorError, SafeTensors, serialize};
use half::{bf16, f16};
use thiserror::Error;

use super::write_atomically;
use crate::dtype::{DType, Element};
use crate::nn::StateDict;
use crate::tensor::Tensor;

/// Strings by name: what a file says about its tensors.
pub type Metadata = BTreeMap<String, String>;

/// Why bytes are not tensors in the safetensors format.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file ends before the tensors that its header lists.
    #[error("the file is truncated: {0}\n  help: copy or download it again")]
    Truncated(String),
    /// The file is of another format.
    #[error(
        "this is not a safetensors file: {0}\n  help: PyTorch's .pt files become one by safetensors.torch.save_file"
    )]
    NotSafetensors(String),
    /// The header contradicts itself or the file.
    #[error("the safetensors file is damaged: {0}")]
    Damaged(String),
    /// A tensor's elements are of a type that jimu has not.
    #[error(
        "the tensor {name:?} has elements of type {dtype}, which jimu does not have\n  \
         help: convert it to one of F64, F32, F16, BF16, I64, U8, BOOL before saving"
    )]
    UnsupportedDtype {
        /// The tensor.
        name: String,
        /// Its type, as the file names it.
        dtype: String,
    },
}

/// Why tensors could not be loaded or saved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// "read" or "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could be read, but its content could not be understood.
    #[error("{}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FormatError,
    },
}

/// Writes tensors and metadata to a file, which is replaced whole or not at all.
///
/// # Errors
/// If the file cannot be written; an old file of that name is as it was.
///
/// # Examples
/// ```
/// use jimu::{Tensor, io::safetensors, nn::StateDict};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("weights.safetensors");
/// let state = StateDict::from_iter([("weight".to_owned(), Tensor::new([[1.0, 2.0], [3.0, 4.0]]))]);
/// safetensors::save(&path, &state, &[("epoch".to_owned(), "3".to_owned())].into())?;
///
/// let (loaded, metadata) = safetensors::load(&path)?;
/// assert_eq!(loaded["weight"].to_vec::<f32>(), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(metadata["epoch"], "3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(path: impl AsRef<Path>, state: &StateDict, metadata: &Metadata) -> Result<(), FileError> {
    let path = path.as_ref();
    write_atomically(path, &to_bytes(state, metadata)).map_err(|source| FileError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

/// Reads all tensors of a file, in the order in which they lie there, and its metadata.
///
/// Elements of type `F16` and `BF16` become `f32`, which has all their values.
///
/// # Errors
/// If the file cannot be read, is not in the format, is incomplete, or holds elements of a type that jimu has not.
///
/// ```
/// use jimu::io::safetensors;
/// let error = safetensors::load("no/such.safetensors").unwrap_err();
/// assert!(error.to_string().starts_with("cannot read no/such.safetensors: "));
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<(StateDict, Metadata), FileError> {
    let path = path.as_ref();
    let bytes =
        std::fs::read(path).map_err(|source| FileError::Io { action: "read", path: path.to_owned(), source })?;
    from_bytes(&bytes).map_err(|source| FileError::Format { path: path.to_owned(), source })
}

/// The content of a file with these tensors and metadata.
///
/// ```
/// use jimu::{Tensor, io::safetensors, nn::StateDict};
/// let state = StateDict::from_iter([("on".to_owned(), Tensor::new([true, false]))]);
/// let (loaded, _) = safetensors::from_bytes(&safetensors::to_bytes(&state, &Default::default()))?;
/// assert_eq!(loaded["on"].to_vec::<bool>(), [true, false]);
/// # Ok::<(), safetensors::FormatError>(())
/// ```
pub fn to_bytes(state: &StateDict, metadata: &Metadata) -> Vec<u8> {
    let stored: Vec<(&String, Dtype, &[usize], Vec<u8>)> = state
        .iter()
        .map(|(name, tensor)| (name, stored_dtype(tensor.dtype()), &tensor.shape()[..], little_endian(tensor)))
        .collect();
    let views = stored.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.to_vec(), bytes).expect("as many bytes as the shape asks for");
        (name.as_str(), view)
    });
    with_metadata(serialize(views, None).expect("a valid table of tensors"), metadata)
}

/// Puts the strings into the header of a file without any, in the order of their names: the format's own library would
/// shuffle them, and the same content would not be the same bytes.
fn with_metadata(file: Vec<u8>, metadata: &Metadata) -> Vec<u8> {
    if metadata.is_empty() {
        return file;
    }
    let (length, rest) = file.split_first_chunk::<8>().expect("a file begins with the length of its header");
    let (header, tensors) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let strings = serde_json::to_string(metadata).expect("strings are JSON");
    let mut longer = format!("{{\"__metadata__\":{strings}").into_bytes();
    match header.trim_ascii_end() {
        b"{}" => longer.push(b'}'),
        table => {
            longer.push(b',');
            longer.extend(&table[1..]);
        }
    }
    // The tensors begin at a multiple of eight bytes.
    longer.resize(longer.len().next_multiple_of(8), b' ');
    [&(longer.len() as u64).to_le_bytes(), &longer[..], tensors].concat()
}

/// The tensors and metadata in the content of a file.
///
/// # Errors
/// As [`load`].
///
/// ```
/// use jimu::io::safetensors::{self, FormatError};
/// assert!(matches!(safetensors::from_bytes(b"PK\x03\x04 a zip file"), Err(FormatError::NotSafetensors(_))));
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<(StateDict, Metadata), FormatError> {
    check_length(bytes)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(explain)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(explain)?;
    let mut state = StateDict::new();
    for name in header.offset_keys() {
        let view = tensors.tensor(&name).map_err(explain)?;
        state.insert(name.clone(), tensor_of(name, &view)?);
    }
    Ok((state, header.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()))
}

/// Finds out what the first bytes are, before the table of tensors is looked at: a file starts with the length of its
/// header as eight little-endian bytes, and the header with a brace.
fn check_length(bytes: &[u8]) -> Result<(), FormatError> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(FormatError::Truncated(format!("it has {} bytes, and the header alone has more", bytes.len())));
    };
    if rest.first().is_some_and(|&byte| byte != b'{') {
        return Err(FormatError::NotSafetensors("no header follows its first eight bytes".to_owned()));
    }
    let length = u64::from_le_bytes(*length);
    if length > rest.len() as u64 {
        let have = rest.len();
        return Err(FormatError::Truncated(format!("its header should have {length} bytes, but {have} are there")));
    }
    Ok(())
}

fn explain(error: SafeTensorError) -> FormatError {
    match error {
        SafeTensorError::MetadataIncompleteBuffer => {
            FormatError::Truncated("it does not have the number of bytes that its header promises".to_owned())
        }
        SafeTensorError::InvalidHeader(_)
        | SafeTensorError::InvalidHeaderLength
        | SafeTensorError::HeaderTooLarge
        | SafeTensorError::HeaderTooSmall => FormatError::NotSafetensors(error.to_string()),
        other => FormatError::Damaged(other.to_string()),
    }
}

fn stored_dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::Bool => Dtype::BOOL,
        DType::U8 => Dtype::U8,
        DType::I64 => Dtype::I64,
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
    }
}

fn little_endian(tensor: &Tensor) -> Vec<u8> {
    fn bytes<T: Element, const N: usize>(tensor: &Tensor, bytes: fn(T) -> [u8; N]) -> Vec<u8> {
        tensor.to_vec::<T>().into_iter().flat_map(bytes).collect()
    }
    match tensor.dtype() {
        DType::Bool => bytes(tensor, |x: bool| [u8::from(x)]),
        DType::U8 => tensor.to_vec(),
        DType::I64 => bytes(tensor, i64::to_le_bytes),
        DType::F32 => bytes(tensor, f32::to_le_bytes),
        DType::F64 => bytes(tensor, f64::to_le_bytes),
    }
}

fn tensor_of(name: String, view: &TensorView<'_>) -> Result<Tensor, FormatError> {
    fn read<T: Element, const N: usize>(view: &TensorView<'_>, element: impl Fn([u8; N]) -> T) -> Tensor {
        let (elements, _) = view.data().as_chunks::<N>();
        Tensor::from_vec(elements.iter().map(|&bytes| element(bytes)).collect(), view.shape())
    }
    Ok(match view.dtype() {
        Dtype::BOOL => read(view, |[byte]| byte != 0),
        Dtype::U8 => read(view, |[byte]| byte),
        Dtype::I64 => read(view, i64::from_le_bytes),
        Dtype::F32 => read(view, f32::from_le_bytes),
        Dtype::F64 => read(view, f64::from_le_bytes),
        Dtype::F16 => read(view, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => read(view, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        other => return Err(FormatError::UnsupportedDtype { name, dtype: format!("{other:?}") }),
    })
}

#[cfg(test)]
#[path = "safetensors_tests.rs"]
mod tests;
