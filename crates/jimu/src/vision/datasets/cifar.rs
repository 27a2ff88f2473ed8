//! CIFAR-10's two layouts, described by Krizhevsky at <https://www.cs.toronto.edu/~kriz/cifar.html>.
//!
//! Binary: records of a label and 3,072 bytes, the red, the green and the blue plane of 32x32 pixels. Python: a pickled
//! dictionary whose `data` is a NumPy array `[count, 3072]` of the same planes and whose `labels` is a list.

use std::path::Path;

use serde_pickle::{DeOptions, HashableValue, Value};

use super::error::{DatasetError, FormatError};
use super::file::read_file;
use super::idx::check_labels;

pub(super) const CHANNELS: usize = 3;
pub(super) const SIDE: usize = 32;
pub(super) const IMAGE: usize = CHANNELS * SIDE * SIDE;
/// How many images the published batches hold.
pub(super) const BATCH: usize = 10_000;
const RECORD: usize = 1 + IMAGE;

/// The images and the labels of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) images: Vec<u8>,
    pub(super) labels: Vec<u8>,
}

pub(super) fn read_binary(path: &Path, classes: usize) -> Result<Batch, DatasetError> {
    let bytes = read_file(path)?;
    parse_binary(&bytes, classes).map_err(|error| DatasetError::malformed(path, error))
}

pub(super) fn read_pickle(path: &Path, classes: usize) -> Result<Batch, DatasetError> {
    let bytes = read_file(path)?;
    parse_pickle(&bytes, classes).map_err(|error| DatasetError::malformed(path, error))
}

pub(super) fn parse_binary(bytes: &[u8], classes: usize) -> Result<Batch, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    let records = bytes.chunks_exact(RECORD);
    if !records.remainder().is_empty() {
        return Err(FormatError::PartialRecord { found: bytes.len() as u64, record: RECORD });
    }
    let mut batch = Batch::default();
    batch.images.reserve_exact(records.len() * IMAGE);
    for record in records {
        batch.labels.push(record[0]);
        batch.images.extend(&record[1..]);
    }
    check_labels(&batch.labels, classes)?;
    Ok(batch)
}

/// The binary batch of these images and labels.
#[cfg(any(test, feature = "download"))]
pub(super) fn encode_binary(images: &[u8], labels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(labels.len() * RECORD);
    for_each_piece(images, labels, |piece| bytes.extend_from_slice(piece));
    bytes
}

/// Shows a binary batch piece by piece.
pub(super) fn for_each_piece(images: &[u8], labels: &[u8], mut see: impl FnMut(&[u8])) {
    for (label, image) in labels.chunks_exact(1).zip(images.chunks_exact(IMAGE)) {
        see(label);
        see(image);
    }
}

/// Reads the pickle as plain data: no Python class is looked up and nothing in it is executed.
pub(super) fn parse_pickle(bytes: &[u8], classes: usize) -> Result<Batch, FormatError> {
    let value = serde_pickle::value_from_slice(bytes, DeOptions::new())
        .map_err(|error| FormatError::Pickle(error.to_string()))?;
    let Value::Dict(mut entries) = value else {
        return Err(FormatError::Pickle("it holds no dictionary".into()));
    };
    // Python 2 wrote the keys as bytes, Python 3 writes text.
    let mut take = |key: &str| {
        entries
            .remove(&HashableValue::Bytes(key.as_bytes().to_vec()))
            .or_else(|| entries.remove(&HashableValue::String(key.to_owned())))
            .ok_or_else(|| FormatError::Pickle(format!("its dictionary has no entry {key:?}")))
    };
    let images = array_bytes(take("data")?)?;
    let labels = label_bytes(take("labels")?, classes)?;
    if images.len() != labels.len() * IMAGE {
        return Err(FormatError::Pickle(format!(
            "{} labels need {} bytes of pixels, but there are {}",
            labels.len(),
            labels.len() * IMAGE,
            images.len()
        )));
    }
    if labels.is_empty() {
        return Err(FormatError::Empty);
    }
    Ok(Batch { images, labels })
}

/// The content of a NumPy array of bytes in C order.
///
/// Unpickled without NumPy, an array is what its `__setstate__` takes: (version, shape, dtype, is_fortran, bytes).
fn array_bytes(value: Value) -> Result<Vec<u8>, FormatError> {
    let state = match value {
        Value::Tuple(state) => state,
        _ => Vec::new(),
    };
    match <[Value; 5]>::try_from(state) {
        Ok([_, Value::Tuple(shape), _, Value::Bool(false), Value::Bytes(bytes)]) if matches!(shape[..], [Value::I64(_), Value::I64(columns)] if columns == IMAGE as i64) => {
            Ok(bytes)
        }
        _ => Err(FormatError::Pickle(format!("its \"data\" is not a NumPy array of bytes, [count, {IMAGE}]"))),
    }
}

fn label_bytes(value: Value, classes: usize) -> Result<Vec<u8>, FormatError> {
    let Value::List(labels) = value else {
        return Err(FormatError::Pickle("its \"labels\" are no list".into()));
    };
    let label_byte = |(index, label): (usize, Value)| match label {
        Value::I64(label) => match u8::try_from(label) {
            Ok(byte) if usize::from(byte) < classes => Ok(byte),
            _ => Err(FormatError::LabelOutOfRange { index, label, classes }),
        },
        _ => Err(FormatError::Pickle(format!("label {index} is no whole number"))),
    };
    labels.into_iter().enumerate().map(label_byte).collect()
}
