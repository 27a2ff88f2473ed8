//! `mnist.npz`, as Keras keeps it: a zip archive of four NumPy arrays of bytes.
//!
//! The array format is described at <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use super::error::{DatasetError, FormatError};
use super::idx::{IdxImages, check_labels};

const NPY_MAGIC: &[u8] = b"\x93NUMPY";
/// Far above the 47 MB of the training images, far below what could hurt.
const LARGEST_ARRAY: u64 = 1 << 30;

/// Training images and labels, test images and labels.
pub(super) type Splits = [(IdxImages, Vec<u8>); 2];

pub(super) fn read_mnist(path: &Path, classes: usize) -> Result<Splits, DatasetError> {
    let file = File::open(path).map_err(|error| DatasetError::io("read", path, error))?;
    parse_mnist(BufReader::new(file), classes).map_err(|error| DatasetError::malformed(path, error))
}

pub(super) fn parse_mnist(reader: impl Read + Seek, classes: usize) -> Result<Splits, FormatError> {
    let mut archive = ZipArchive::new(reader).map_err(|error| FormatError::Npz(error.to_string()))?;
    let mut split = |name: &str| {
        let (shape, pixels) = parse_array(&entry(&mut archive, &format!("x_{name}.npy"))?)?;
        let &[count, height, width] = &shape[..] else {
            return Err(FormatError::Npz(format!("x_{name} has the shape {shape:?}, not [count, height, width]")));
        };
        if count == 0 || height == 0 || width == 0 {
            return Err(FormatError::Empty);
        }
        let (_, labels) = parse_array(&entry(&mut archive, &format!("y_{name}.npy"))?)?;
        check_labels(&labels, classes)?;
        Ok((IdxImages { pixels, count, height, width }, labels))
    };
    Ok([split("train")?, split("test")?])
}

fn entry(archive: &mut ZipArchive<impl Read + Seek>, name: &str) -> Result<Vec<u8>, FormatError> {
    let broken = |problem: &dyn std::fmt::Display| FormatError::Npz(format!("{name}: {problem}"));
    let mut bytes = Vec::new();
    let file = archive.by_name(name).map_err(|error| broken(&error))?;
    file.take(LARGEST_ARRAY).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    Ok(bytes)
}

/// The shape and the content of an array of unsigned bytes in C order.
fn parse_array(bytes: &[u8]) -> Result<(Vec<usize>, Vec<u8>), FormatError> {
    let broken = |problem: &str| FormatError::Npz(problem.to_owned());
    let (header, content) = split_header(bytes).ok_or_else(|| broken("an array's header is damaged"))?;
    if !header.contains("'|u1'") || header.contains("'fortran_order': True") {
        return Err(broken("an array is not made of unsigned bytes in C order"));
    }
    let shape = parse_shape(header).ok_or_else(|| broken("an array's header has no shape"))?;
    let expected = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    if expected != Some(content.len()) {
        return Err(FormatError::Npz(format!("an array of shape {shape:?} has {} bytes", content.len())));
    }
    Ok((shape, content.to_vec()))
}

/// Version 1 has a header length of two bytes, later ones of four.
fn split_header(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(NPY_MAGIC)?;
    let (&[major, _minor], rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = if major == 1 {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        (u32::from_le_bytes(*length) as usize, rest)
    };
    let (header, content) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, content))
}

/// `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`
fn parse_shape(header: &str) -> Option<Vec<usize>> {
    let (_, after) = header.split_once("'shape':")?;
    let (sizes, _) = after.trim_start().strip_prefix('(')?.split_once(')')?;
    sizes.split(',').map(str::trim).filter(|size| !size.is_empty()).map(|size| size.parse().ok()).collect()
}
