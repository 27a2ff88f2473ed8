//! Elements as bytes.

use crate::dtype::{DType, Element};
use crate::tensor::Tensor;

/// The elements in order, each in little-endian bytes.
pub(super) fn little_endian(tensor: &Tensor) -> Vec<u8> {
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
