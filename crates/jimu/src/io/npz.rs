//! NumPy's [`.npz`](https://numpy.org/doc/stable/reference/generated/numpy.savez.html): arrays by name in a zip archive.
//! `numpy.load` reads what [`save`] writes, and [`load`] what `numpy.savez` and `numpy.savez_compressed` write.

use std::path::Path;

use zip::CompressionMethod;

use super::archive::{self, Archive};
use super::npy;
pub use super::npy::{FileError, FormatError};
use crate::nn::StateDict;

/// Writes tensors to a file, which is replaced whole or not at all.
///
/// # Errors
/// If the file cannot be written; an old file of that name is as it was.
///
/// # Examples
/// ```
/// use jimu::{Tensor, io::npz, nn::StateDict};
/// let path = tempfile::tempdir()?.keep().join("arrays.npz");
/// npz::save(&path, &StateDict::from_iter([("x".to_owned(), Tensor::new([1.0, 2.0]))]))?;
/// assert_eq!(npz::load(&path)?["x"].to_vec::<f32>(), [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(path: impl AsRef<Path>, tensors: &StateDict) -> Result<(), FileError> {
    super::error::save(path.as_ref(), &to_bytes(tensors))
}

/// As [`save`], with the arrays compressed.
///
/// # Errors
/// As [`save`].
///
/// ```
/// use jimu::{Tensor, io::npz, nn::StateDict};
/// let path = tempfile::tempdir()?.keep().join("arrays.npz");
/// npz::save_compressed(&path, &StateDict::from_iter([("x".to_owned(), Tensor::zeros([1000]))]))?;
/// assert!(std::fs::metadata(&path)?.len() < 1000);
/// assert_eq!(npz::load(&path)?["x"].size(), [1000]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save_compressed(path: impl AsRef<Path>, tensors: &StateDict) -> Result<(), FileError> {
    super::error::save(path.as_ref(), &archive::write(&members(tensors), CompressionMethod::Deflated))
}

/// Reads all arrays of a file, in the order in which they lie there.
///
/// # Errors
/// If the file cannot be read, is no archive of arrays, or one is as [`npy::load`] refuses.
///
/// ```
/// use jimu::io::npz;
/// assert!(npz::load("no/such.npz").is_err());
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<StateDict, FileError> {
    super::error::load(path.as_ref(), from_bytes)
}

/// The content of a file with these tensors.
///
/// ```
/// use jimu::{Tensor, io::npz, nn::StateDict};
/// let tensors = StateDict::from_iter([("x".to_owned(), Tensor::new([1, 2]))]);
/// assert_eq!(npz::from_bytes(&npz::to_bytes(&tensors))?["x"].to_vec::<i64>(), [1, 2]);
/// # Ok::<(), npz::FormatError>(())
/// ```
pub fn to_bytes(tensors: &StateDict) -> Vec<u8> {
    archive::write(&members(tensors), CompressionMethod::Stored)
}

fn members(tensors: &StateDict) -> Vec<(String, Vec<u8>)> {
    tensors.iter().map(|(name, tensor)| (format!("{name}.npy"), npy::to_bytes(tensor))).collect()
}

/// The arrays in the content of a file.
///
/// # Errors
/// As [`load`].
///
/// ```
/// use jimu::io::npz::{self, FormatError};
/// assert!(matches!(npz::from_bytes(b"\x93NUMPY is one array"), Err(FormatError::NotNumPy(_))));
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<StateDict, FormatError> {
    if !bytes.starts_with(b"PK") {
        return Err(FormatError::NotNumPy("an archive begins with PK".into()));
    }
    let mut archive = Archive::open(bytes).map_err(|error| FormatError::Damaged(error.to_string()))?;
    let mut tensors = StateDict::new();
    for file in archive.names().map_err(FormatError::Damaged)? {
        let Some(name) = file.strip_suffix(".npy") else { continue };
        let content = archive.read(&file).map_err(FormatError::Damaged)?;
        let named = |source| FormatError::Member { name: name.to_owned(), source: Box::new(source) };
        tensors.insert(name.to_owned(), npy::from_bytes(&content).map_err(named)?);
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    fn arrays() -> StateDict {
        let named = [("x", Tensor::new([[1.0, 2.0]])), ("names/y", Tensor::new([true])), ("empty", Tensor::zeros([0]))];
        named.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect()
    }

    #[test]
    fn arrays_come_back_in_order_and_as_equal_bytes() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = archive::write(&members(&arrays()), method);
            let loaded = from_bytes(&bytes).unwrap();
            assert!(loaded.keys().eq(arrays().keys()));
            assert_eq!(loaded["x"].to_vec::<f32>(), [1.0, 2.0]);
            assert_eq!(archive::write(&members(&loaded), method), bytes);
        }
    }

    #[test]
    fn damage_is_told() {
        let bytes = to_bytes(&arrays());
        for end in 0..bytes.len() {
            from_bytes(&bytes[..end]).unwrap_err();
        }
        // A flipped bit of an element breaks the checksum.
        let mut flipped = bytes.clone();
        let position = bytes.windows(4).position(|window| window == 2.0f32.to_le_bytes()).unwrap();
        flipped[position] ^= 1;
        assert!(matches!(from_bytes(&flipped), Err(FormatError::Damaged(_))));
        let text = archive::write(&[("x.npy".into(), b"text".to_vec())], CompressionMethod::Stored);
        assert_eq!(
            from_bytes(&text).unwrap_err().to_string(),
            "x: this is not a NumPy file: it does not begin like one"
        );
    }

    #[test]
    fn a_member_that_claims_too_much_is_refused() {
        let mut bytes = to_bytes(&arrays());
        // The sizes in the central directory's first entry: compressed at 20, uncompressed at 24.
        let entry = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes[entry + 24..entry + 28].copy_from_slice(&0xfff0_0000u32.to_le_bytes());
        let error = from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains("more than the archive can hold"), "{error}");
    }
}
