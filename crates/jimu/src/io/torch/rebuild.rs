//! Tensors from their elements.

use std::collections::HashMap;

use half::{bf16, f16};

use super::FormatError;
use super::globals::Kind;
use crate::dtype::Element;
use crate::io::archive::Archive;
use crate::tensor::{Layout, Tensor};

/// The elements of a file, by key, read when they are first asked for.
pub(super) struct Storages<'a> {
    archive: Archive<'a>,
    folder: String,
    big_endian: bool,
    bytes: HashMap<String, Vec<u8>>,
    /// As rows of elements.
    rows: HashMap<(String, Kind), Tensor>,
}

/// Which elements of a file a tensor is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) key: String,
    /// None for bytes of any type.
    pub(super) kind: Option<Kind>,
    pub(super) elements: usize,
}

/// A tensor that repeats its elements may have this many; others have no more than are stored.
const MOST_REPEATED: usize = 1 << 28;

impl<'a> Storages<'a> {
    pub(super) fn open(mut archive: Archive<'a>, folder: String, names: &[String]) -> Result<Self, FormatError> {
        let order = format!("{folder}/byteorder");
        let big_endian = names.contains(&order) && archive.read(&order).map_err(FormatError::Damaged)? == b"big";
        Ok(Self { archive, folder, big_endian, bytes: HashMap::new(), rows: HashMap::new() })
    }

    /// The pickle.
    pub(super) fn program(&mut self) -> Result<Vec<u8>, FormatError> {
        self.archive.read(&format!("{}/data.pkl", self.folder)).map_err(FormatError::Damaged)
    }

    /// All elements of a storage, in a row.
    fn row(&mut self, storage: &Storage, kind: Kind) -> Result<Tensor, FormatError> {
        let key = (storage.key.clone(), kind);
        if !self.bytes.contains_key(&storage.key) {
            let name = format!("{}/data/{}", self.folder, storage.key);
            let bytes = self.archive.read(&name).map_err(FormatError::Damaged)?;
            self.bytes.insert(storage.key.clone(), bytes);
        }
        let bytes = &self.bytes[&storage.key];
        let claimed = storage.elements.checked_mul(storage.kind.map_or(1, Kind::size));
        if claimed.is_none_or(|claimed| claimed > bytes.len()) {
            let (claimed, found) = (storage.elements, bytes.len());
            let problem = format!("storage {} should have {claimed} elements, but has {found} bytes", storage.key);
            return Err(FormatError::Damaged(problem));
        }
        let big_endian = self.big_endian;
        Ok(self.rows.entry(key).or_insert_with(|| decode(bytes, kind, big_endian)).clone())
    }

    /// The tensor of this shape at these strides.
    pub(super) fn tensor(
        &mut self,
        storage: &Storage,
        kind: Kind,
        offset: usize,
        (shape, strides): (&[usize], &[usize]),
    ) -> Result<Tensor, FormatError> {
        let row = self.row(storage, kind)?;
        let numel = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        let end = end(offset, shape, strides).filter(|&end| end <= row.numel());
        let (Some(numel), Some(_), true) = (numel, end, shape.len() == strides.len()) else {
            let problem = format!(
                "a tensor of shape {shape:?} with strides {strides:?} at {offset} is beyond the {} elements of storage {}",
                row.numel(),
                storage.key
            );
            return Err(FormatError::Damaged(problem));
        };
        if numel > row.numel().max(MOST_REPEATED) {
            let problem = format!("a tensor of {numel} elements, of which {} are stored", row.numel());
            return Err(FormatError::Damaged(problem));
        }
        let offset = if numel == 0 { 0 } else { offset };
        let layout = Layout { shape: shape.into(), strides: strides.iter().copied().collect(), offset };
        let tensor = Tensor::from_storage(row.storage(), layout);
        // What has gaps or repeats elements gets elements of its own.
        Ok(if tensor.layout().is_dense() { tensor } else { tensor.to_contiguous() })
    }
}

/// One past the last element, if the numbers are no nonsense.
fn end(offset: usize, shape: &[usize], strides: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(offset, |position, (&size, &stride)| position.checked_add((size - 1).checked_mul(stride)?));
    last?.checked_add(1)
}

fn decode(bytes: &[u8], kind: Kind, big_endian: bool) -> Tensor {
    match kind {
        Kind::F64 => read(bytes, big_endian, f64::from_le_bytes),
        Kind::F32 => read(bytes, big_endian, f32::from_le_bytes),
        Kind::F16 => read(bytes, big_endian, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Kind::BF16 => read(bytes, big_endian, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Kind::I64 => read(bytes, big_endian, i64::from_le_bytes),
        Kind::I32 => read(bytes, big_endian, |bytes| i64::from(i32::from_le_bytes(bytes))),
        Kind::I16 => read(bytes, big_endian, |bytes| i64::from(i16::from_le_bytes(bytes))),
        Kind::I8 => read(bytes, big_endian, |bytes| i64::from(i8::from_le_bytes(bytes))),
        Kind::U8 => Tensor::from_slice(bytes, [bytes.len()]),
        Kind::Bool => read(bytes, big_endian, |[byte]| byte != 0),
        Kind::U16 => read(bytes, big_endian, |bytes| i64::from(u16::from_le_bytes(bytes))),
        Kind::U32 => read(bytes, big_endian, |bytes| i64::from(u32::from_le_bytes(bytes))),
    }
}

fn read<T: Element, const N: usize>(bytes: &[u8], big_endian: bool, element: impl Fn([u8; N]) -> T) -> Tensor {
    let (chunks, _) = bytes.as_chunks::<N>();
    let elements: Vec<T> = chunks
        .iter()
        .map(|&(mut chunk)| {
            if big_endian {
                chunk.reverse();
            }
            element(chunk)
        })
        .collect();
    let count = elements.len();
    Tensor::from_vec(elements, [count])
}
