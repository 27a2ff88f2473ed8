//! Tensors by name, whatever the format.

use std::path::Path;

use super::archive::Archive;
use super::{FileError, npy, npz, safetensors, torch};
use crate::nn::StateDict;

/// Why bytes are no tensors by name in any format that jimu reads.
///
/// ```
/// use jimu::io::{FileError, WeightsError, load_weights, npy};
/// let path = tempfile::tempdir()?.keep().join("one.npy");
/// npy::save(&path, &jimu::Tensor::zeros([2]))?;
/// let error = load_weights(&path).unwrap_err();
/// assert!(matches!(error, FileError::Format { source: WeightsError::OneArray, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// It is no safetensors file. Whatever begins like none of the others is taken for one.
    #[error(transparent)]
    Safetensors(#[from] safetensors::FormatError),
    /// It is a PyTorch file, but not of tensors by name.
    #[error(transparent)]
    Torch(#[from] torch::FormatError),
    /// It is an archive of NumPy's that cannot be read.
    #[error(transparent)]
    Npz(#[from] npy::FormatError),
    /// It is a single array of NumPy's.
    #[error(
        "the file holds one array, which has no name\n  \
         help: save all arrays by name: numpy.savez(path, **{{name: array, ...}})"
    )]
    OneArray,
    /// It is a zip archive of something else.
    #[error(
        "the file is a zip archive, but neither PyTorch's nor NumPy's: it holds {0}\n  \
         help: give a .safetensors file, a .pt or .pth file of a state_dict, or an .npz file"
    )]
    OtherArchive(String),
    /// It begins like a zip archive, but is none.
    #[error("the file is a damaged zip archive: {0}\n  help: copy or download it again")]
    DamagedArchive(String),
}

/// Reads tensors by name from a safetensors file, PyTorch's file of a `state_dict`, or NumPy's archive, whichever the
/// content shows it to be; the name does not matter.
///
/// # Errors
/// If the file cannot be read, or is none of these.
///
/// # Examples
/// ```
/// use jimu::io::{load_weights, torch};
/// use jimu::nn::{Linear, Module};
/// let (layer, path) = (Linear::new(3, 2), tempfile::tempdir()?.keep().join("linear"));
/// torch::save_pth(&path, &layer.state_dict())?;
/// layer.load_state_dict(&load_weights(&path)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_weights(path: impl AsRef<Path>) -> Result<StateDict, FileError<WeightsError>> {
    super::error::load(path.as_ref(), from_bytes)
}

fn from_bytes(bytes: &[u8]) -> Result<StateDict, WeightsError> {
    if bytes.starts_with(npy::MAGIC) {
        return Err(WeightsError::OneArray);
    }
    if torch::is_legacy(bytes) {
        return Err(torch::FormatError::Legacy.into());
    }
    if !bytes.starts_with(b"PK") {
        return Ok(safetensors::from_bytes(bytes)?.0);
    }
    let names = Archive::open(bytes).map_err(|error| error.to_string()).and_then(|archive| archive.names());
    let names = names.map_err(WeightsError::DamagedArchive)?;
    // PyTorch keeps the value in archive/data.pkl, NumPy each array in name.npy.
    if names.iter().any(|name| name.ends_with("/data.pkl")) {
        return Ok(torch::to_state_dict(&torch::from_bytes(bytes)?)?);
    }
    match names.iter().any(|name| name.ends_with(".npy")) {
        true => Ok(npz::from_bytes(bytes)?),
        false => Err(WeightsError::OtherArchive(names.first().cloned().unwrap_or_else(|| "nothing".to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    fn weights() -> StateDict {
        StateDict::from_iter([("fc.weight".to_owned(), Tensor::new([[1.0, 2.0]]))])
    }

    #[test]
    fn the_content_tells_the_format() {
        let safetensors = safetensors::to_bytes(&weights(), &Default::default());
        let torch = torch::to_bytes(&(&weights()).into());
        for bytes in [safetensors, torch, npz::to_bytes(&weights())] {
            assert_eq!(from_bytes(&bytes).unwrap()["fc.weight"].to_vec::<f32>(), [1.0, 2.0]);
            assert!(from_bytes(&bytes[..bytes.len() / 2]).is_err());
        }
    }

    #[test]
    fn what_holds_no_weights_is_told() {
        let refused = |bytes: &[u8]| from_bytes(bytes).unwrap_err().to_string();
        assert!(
            refused(&npy::to_bytes(&Tensor::zeros([2]))).starts_with("the file holds one array, which has no name")
        );
        assert!(refused(b"\x89HDF\r\n\x1a\n, no weights").contains("this is not a safetensors file"));
        assert!(refused(b"PK\x03\x04").starts_with("the file is a damaged zip archive"));
        let other = super::super::archive::write(&[("a.txt".into(), Vec::new())], zip::CompressionMethod::Stored);
        assert!(refused(&other).contains("neither PyTorch's nor NumPy's: it holds a.txt"));
        assert!(refused(&torch::to_bytes(&3.into())).contains("state"), "{}", refused(&torch::to_bytes(&3.into())));
    }
}
