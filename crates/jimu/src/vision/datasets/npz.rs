//! `mnist.npz`, as Keras keeps it: an archive of four NumPy arrays of bytes.

use std::path::Path;

use super::error::{DatasetError, FormatError};
use super::idx::{IdxImages, check_labels};
use crate::dtype::DType;
use crate::io::npz;

/// Training images and labels, test images and labels.
pub(super) type Splits = [(IdxImages, Vec<u8>); 2];

pub(super) fn read_mnist(path: &Path, classes: usize) -> Result<Splits, DatasetError> {
    let bytes = std::fs::read(path).map_err(|error| DatasetError::io("read", path, error))?;
    parse_mnist(&bytes, classes).map_err(|error| DatasetError::malformed(path, error))
}

pub(super) fn parse_mnist(bytes: &[u8], classes: usize) -> Result<Splits, FormatError> {
    let arrays = npz::from_bytes(bytes).map_err(|error| FormatError::Npz(error.to_string()))?;
    let array = |name: &str| match arrays.get(name) {
        None => Err(FormatError::Npz(format!("it has no {name}"))),
        Some(array) if array.dtype() != DType::U8 => {
            Err(FormatError::Npz(format!("{name} is not made of unsigned bytes, but {}", array.dtype())))
        }
        Some(array) => Ok(array),
    };
    let split = |name: &str| {
        let images = array(&format!("x_{name}"))?;
        let &[count, height, width] = &images.shape()[..] else {
            let shape = images.shape();
            return Err(FormatError::Npz(format!("x_{name} has the shape {shape}, not [count, height, width]")));
        };
        if images.numel() == 0 {
            return Err(FormatError::Empty);
        }
        let labels = array(&format!("y_{name}"))?.to_vec::<u8>();
        check_labels(&labels, classes)?;
        Ok((IdxImages { pixels: images.to_vec::<u8>(), count, height, width }, labels))
    };
    Ok([split("train")?, split("test")?])
}
