//! NumPy's [`.npy`](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): one array in one file.
//! `numpy.load` reads what [`save`] writes, byte for byte what `numpy.save` would write.

use std::path::Path;

use half::f16;
use thiserror::Error;

use super::bytes::little_endian;
use crate::dtype::{DType, Element};
use crate::tensor::Tensor;

pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Why bytes are not an array in NumPy's format.
#[derive(Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file is of another format.
    #[error("this is not a NumPy file: {0}")]
    NotNumPy(String),
    /// The file ends before the array does, or after it.
    #[error("the array should have {expected} bytes, but {found} are there\n  help: copy or download the file again")]
    Length {
        /// What the shape asks for.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The header contradicts itself, or there is an error in an archive.
    #[error("the NumPy file is damaged: {0}")]
    Damaged(String),
    /// The elements are of a type that jimu has not.
    #[error(
        "the elements are of type {0}, which jimu does not have\n  \
         help: save numbers or truth values, as in numpy.save(path, array.astype(\"float32\"))"
    )]
    UnsupportedDtype(String),
    /// An unsigned number is too large for `i64`.
    #[error("the element {0} does not fit int64")]
    TooLarge(u64),
    /// An array of an archive.
    #[error("{name}: {source}")]
    Member {
        /// Its name.
        name: String,
        /// Why.
        source: Box<FormatError>,
    },
}

/// Why an array could not be loaded or saved.
pub type FileError = super::FileError<FormatError>;

/// Writes a tensor to a file, which is replaced whole or not at all.
///
/// # Errors
/// If the file cannot be written; an old file of that name is as it was.
///
/// # Examples
/// ```
/// use jimu::{Tensor, io::npy};
/// let path = tempfile::tempdir()?.keep().join("x.npy");
/// npy::save(&path, &Tensor::new([[1, 2], [3, 4]]))?;
/// assert_eq!(npy::load(&path)?.to_vec::<i64>(), [1, 2, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(path: impl AsRef<Path>, tensor: &Tensor) -> Result<(), FileError> {
    super::error::save(path.as_ref(), &to_bytes(tensor))
}

/// Reads the array of a file.
///
/// Versions 1 to 3 of the format, either byte order and either memory order are read; `float16` becomes `f32`, and
/// whole numbers become `i64`, but for `uint8`.
///
/// # Errors
/// If the file cannot be read, is not in the format, has not the length that its header says, or holds elements that
/// jimu has not.
///
/// ```
/// use jimu::io::npy;
/// assert!(npy::load("no/such.npy").is_err());
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<Tensor, FileError> {
    super::error::load(path.as_ref(), from_bytes)
}

/// The content of a file with this tensor.
///
/// ```
/// use jimu::{Tensor, io::npy};
/// let bytes = npy::to_bytes(&Tensor::new([1.0, 2.0]));
/// assert!(bytes.starts_with(b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"));
/// assert_eq!(bytes.len(), 128 + 8);
/// ```
pub fn to_bytes(tensor: &Tensor) -> Vec<u8> {
    let descr = match tensor.dtype() {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::I64 => "<i8",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
    };
    let sizes: Vec<String> = tensor.shape().iter().map(usize::to_string).collect();
    let shape = if let [one] = &sizes[..] { format!("({one},)") } else { format!("({})", sizes.join(", ")) };
    // NumPy leaves room for the first size to grow to 21 digits, and puts the elements at a multiple of 64 bytes.
    let growth = sizes.first().map_or(0, |size| 21 - size.len());
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    header.extend(std::iter::repeat_n(' ', growth));
    let before = MAGIC.len() + 4 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', 64 - before % 64));
    header.push('\n');
    let version_and_length: Vec<u8> = match u16::try_from(header.len()) {
        Ok(length) => [&[1, 0][..], &length.to_le_bytes()].concat(),
        Err(_) => [&[2, 0][..], &(header.len() as u32).to_le_bytes()].concat(),
    };
    [&MAGIC[..], &version_and_length, header.as_bytes(), &little_endian(tensor)].concat()
}

/// The array in the content of a file.
///
/// # Errors
/// As [`load`].
///
/// ```
/// use jimu::io::npy::{self, FormatError};
/// assert!(matches!(npy::from_bytes(b"PK\x03\x04 a zip file"), Err(FormatError::NotNumPy(_))));
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<Tensor, FormatError> {
    let (header, content) = split(bytes)?;
    let header = Header::parse(header)?;
    let elements = header.shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    let expected = elements.and_then(|elements| elements.checked_mul(header.kind.size)).unwrap_or(usize::MAX);
    if content.len() != expected {
        return Err(FormatError::Length { expected: expected as u64, found: content.len() as u64 });
    }
    let shape: Vec<usize> = match header.fortran_order {
        true => header.shape.iter().rev().copied().collect(),
        false => header.shape,
    };
    let tensor = header.kind.tensor(content, &shape)?;
    Ok(match header.fortran_order {
        true => tensor.permute((0..shape.len() as isize).rev().collect::<Vec<_>>()),
        false => tensor,
    })
}

/// The header's text and what follows it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), FormatError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| FormatError::NotNumPy("it does not begin like one".into()))?;
    let cut = || FormatError::Damaged("it ends within its header".into());
    let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            (u16::from_le_bytes(*length) as usize, rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        other => return Err(FormatError::NotNumPy(format!("its version is {other}, and 1 to 3 are known"))),
    };
    let (header, content) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|error| FormatError::Damaged(error.to_string()))?;
    Ok((header, content))
}

/// What the header says: a dictionary as Python writes it.
struct Header {
    kind: Kind,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parse(text: &str) -> Result<Self, FormatError> {
        let missing = |key: &str| FormatError::Damaged(format!("its header has no valid {key}: {}", text.trim_end()));
        let value = |key: &str| {
            let (_, rest) = text.split_once(&format!("'{key}':")).ok_or_else(|| missing(key))?;
            Ok(rest.trim_start())
        };
        let descr = value("descr")?;
        let kind = match descr.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
            Some((descr, _)) => Kind::parse(descr)?,
            // A list of fields.
            None if descr.starts_with('[') => return Err(FormatError::UnsupportedDtype("a structure".into())),
            None => return Err(missing("descr")),
        };
        let order = value("fortran_order")?;
        let fortran_order = match (order.starts_with("True"), order.starts_with("False")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err(missing("fortran_order")),
        };
        let sizes = value("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (sizes, _) = sizes.ok_or_else(|| missing("shape"))?;
        // Python 2 wrote `3L`.
        let sizes = sizes.split(',').map(|size| size.trim().trim_end_matches('L')).filter(|size| !size.is_empty());
        let shape = sizes.map(|size| size.parse().map_err(|_| missing("shape"))).collect::<Result<_, _>>()?;
        Ok(Self { kind, fortran_order, shape })
    }
}

/// An element type: `<f4` and its like.
struct Kind {
    big_endian: bool,
    code: char,
    size: usize,
}

impl Kind {
    fn parse(descr: &str) -> Result<Self, FormatError> {
        let unsupported = || FormatError::UnsupportedDtype(descr.to_owned());
        let mut chars = descr.chars();
        let (order, code) = (chars.next().ok_or_else(unsupported)?, chars.next().ok_or_else(unsupported)?);
        let size = chars.as_str().parse().map_err(|_| unsupported())?;
        let known = matches!((code, size), ('b' | 'u' | 'i', 1) | ('u' | 'i' | 'f', 2 | 4 | 8));
        match known && "<>|=".contains(order) {
            true => Ok(Self { big_endian: order == '>', code, size }),
            false => Err(unsupported()),
        }
    }

    /// The elements as a tensor; there are as many as the shape asks for.
    fn tensor(&self, bytes: &[u8], shape: &[usize]) -> Result<Tensor, FormatError> {
        Ok(match (self.code, self.size) {
            ('b', 1) => self.read(bytes, shape, |[byte]| byte != 0),
            ('u', 1) => Tensor::from_slice(bytes, shape),
            ('i', 1) => self.read(bytes, shape, |byte| i64::from(i8::from_le_bytes(byte))),
            ('i', 2) => self.read(bytes, shape, |bytes| i64::from(i16::from_le_bytes(bytes))),
            ('u', 2) => self.read(bytes, shape, |bytes| i64::from(u16::from_le_bytes(bytes))),
            ('f', 2) => self.read(bytes, shape, |bytes| f16::from_le_bytes(bytes).to_f32()),
            ('i', 4) => self.read(bytes, shape, |bytes| i64::from(i32::from_le_bytes(bytes))),
            ('u', 4) => self.read(bytes, shape, |bytes| i64::from(u32::from_le_bytes(bytes))),
            ('f', 4) => self.read(bytes, shape, f32::from_le_bytes),
            ('f', _) => self.read(bytes, shape, f64::from_le_bytes),
            ('i', _) => self.read(bytes, shape, i64::from_le_bytes),
            _ => {
                let tensor = self.read(bytes, shape, i64::from_le_bytes);
                let largest = tensor.to_vec::<i64>().into_iter().find(|&x| x < 0);
                match largest {
                    Some(x) => return Err(FormatError::TooLarge(x as u64)),
                    None => tensor,
                }
            }
        })
    }

    fn read<T: Element, const N: usize>(
        &self,
        bytes: &[u8],
        shape: &[usize],
        element: impl Fn([u8; N]) -> T,
    ) -> Tensor {
        let in_order = |mut bytes: [u8; N]| {
            if self.big_endian {
                bytes.reverse();
            }
            element(bytes)
        };
        Tensor::from_vec(bytes.as_chunks::<N>().0.iter().map(|&bytes| in_order(bytes)).collect(), shape)
    }
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
