//! [Safetensors](https://huggingface.co/docs/safetensors): tensors by name in one file, with a table of strings beside
//! them. PyTorch's `safetensors.torch.load_file` reads what [`save`] writes, and [`load`] what `save_file` writes.

use std::collections::BTreeMap;
use std::path::Path;

use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensorError, SafeTensors};
use half::{bf16, f16};
use thiserror::Error;

use super::bytes::little_endian;
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
        "this is not a safetensors file: {0}\n  \
         help: io::torch loads PyTorch's .pt files; safetensors.torch.save_file makes a safetensors file of one"
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
pub type FileError = super::FileError<FormatError>;

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
    super::error::save(path.as_ref(), &to_bytes(state, metadata))
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
    super::error::load(path.as_ref(), from_bytes)
}

/// The content of a file with these tensors and metadata. Equal ones give equal bytes, whatever their order.
///
/// ```
/// use jimu::{Tensor, io::safetensors, nn::StateDict};
/// let state = StateDict::from_iter([("on".to_owned(), Tensor::new([true, false]))]);
/// let (loaded, _) = safetensors::from_bytes(&safetensors::to_bytes(&state, &Default::default()))?;
/// assert_eq!(loaded["on"].to_vec::<bool>(), [true, false]);
/// # Ok::<(), safetensors::FormatError>(())
/// ```
pub fn to_bytes(state: &StateDict, metadata: &Metadata) -> Vec<u8> {
    // Large elements first, so that each lies at a multiple of its size.
    let mut tensors: Vec<(&String, &Tensor)> = state.iter().collect();
    tensors.sort_by_key(|(name, tensor)| (std::cmp::Reverse(tensor.dtype().size_in_bytes()), tensor.dtype(), *name));
    let quoted = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let mut entries = Vec::new();
    if !metadata.is_empty() {
        let pairs: Vec<String> =
            metadata.iter().map(|(key, value)| format!("{}:{}", quoted(key), quoted(value))).collect();
        entries.push(format!("\"__metadata__\":{{{}}}", pairs.join(",")));
    }
    let mut end = 0;
    for (name, tensor) in &tensors {
        let start = end;
        end += tensor.numel() * tensor.dtype().size_in_bytes();
        let shape: Vec<String> = tensor.shape().iter().map(usize::to_string).collect();
        entries.push(format!(
            "{}:{{\"dtype\":\"{:?}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
            quoted(name),
            stored_dtype(tensor.dtype()),
            shape.join(",")
        ));
    }
    let mut header = format!("{{{}}}", entries.join(",")).into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + header.len() + end);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    for (_, tensor) in tensors {
        bytes.extend(little_endian(tensor));
    }
    bytes
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
