//! The elements themselves, shared between tensors and copied on write.

use jimu_kernels::buffer::Buffer;

use crate::dtype::{DType, Element, dispatch_dtype};

/// The memory behind one or more tensors.
#[doc(hidden)]
#[derive(Clone)]
pub enum Storage {
    Bool(Buffer<u8>),
    U8(Buffer<u8>),
    I64(Buffer<i64>),
    F32(Buffer<f32>),
    F64(Buffer<f64>),
}

impl Storage {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::U8(_) => DType::U8,
            Self::I64(_) => DType::I64,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
        }
    }

    /// The elements in another type.
    pub(crate) fn to(&self, dtype: DType) -> Self {
        dispatch_dtype!(self.dtype(), A => dispatch_dtype!(dtype, B => {
            let mut converted = Buffer::unspecified(A::slice(self).len());
            let elements = A::slice(self).iter().map(|&stored| B::from_f64(A::from_stored(stored).to_f64()));
            converted.iter_mut().zip(elements).for_each(|(to, element)| *to = element.into_stored());
            B::wrap(converted)
        }))
    }

    /// No elements: what a tensor on [`Device::Meta`](crate::Device::Meta) has.
    pub(crate) fn empty(dtype: DType) -> Self {
        dispatch_dtype!(dtype, T => T::wrap(Buffer::zeroed(0)))
    }
}
