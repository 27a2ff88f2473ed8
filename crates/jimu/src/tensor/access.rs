//! Reading elements out of a tensor, and writing into one.

use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLockWriteGuard};

use jimu_kernels::buffer::Buffer;
use jimu_kernels::pooled::Shared;
use jimu_kernels::strided;

use super::{Layout, Storage, Tensor};
use crate::dtype::{DType, Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError, raise};

/// A number of any element type, as [`Tensor::item`] and the operators with scalars take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
}

impl Scalar {
    /// The type of the result when the scalar meets a tensor of type `tensor`: a scalar raises the kind (bool, whole,
    /// real) but not the width, as in PyTorch.
    pub(crate) fn promote(self, tensor: DType) -> DType {
        match self {
            Self::Bool(_) => tensor,
            Self::Int(_) if tensor == DType::Bool => DType::I64,
            Self::Int(_) => tensor,
            Self::Float(_) => tensor.to_floating_point(),
        }
    }

    /// The value as a real number.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Bool(value) => f64::from(u8::from(value)),
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

macro_rules! scalar_from {
    ($($variant:ident: $($rust:ty),*;)*) => {$($(
        impl From<$rust> for Scalar {
            fn from(value: $rust) -> Self {
                Self::$variant(value.into())
            }
        }
    )*)*};
}
scalar_from!(Bool: bool; Int: i32, i64, u8, u32; Float: f32, f64;);

impl From<usize> for Scalar {
    fn from(value: usize) -> Self {
        Self::Int(value as i64)
    }
}

impl Tensor {
    /// The only element, as a real number.
    ///
    /// # Panics
    /// If there is not exactly one element.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::new([[2.5]]).item(), 2.5);
    /// ```
    #[track_caller]
    pub fn item(&self) -> f64 {
        if self.numel() != 1 {
            raise(
                ShapeError::new("item", format!("the tensor must have one element, but its shape is {}", self.shape()))
                    .help("reduce it first (sum, mean), or use to_vec to read all elements"),
            );
        }
        let storage = self.readable("item").or_raise();
        dispatch_dtype!(self.dtype(), T => T::from_stored(T::slice(&storage)[self.layout().offset]).to_f64())
    }

    /// The elements in order, the last dimension fastest.
    ///
    /// # Panics
    /// If `T` is not the tensor's element type: convert with [`to`](Self::to) first.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.t().to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        if T::DTYPE != self.dtype() {
            let (want, have) = (T::DTYPE, self.dtype());
            raise(
                ShapeError::new("to_vec", format!("the elements are {have}, not {want}"))
                    .help(format!("convert first, as in x.to(DType::{want:?}).to_vec()")),
            );
        }
        self.readable("to_vec").or_raise();
        self.with_contiguous::<T, _>(|elements| elements.iter().map(|&element| T::from_stored(element)).collect())
    }

    /// Runs `read` on the elements in order, copying only if they do not lie so.
    pub(crate) fn with_contiguous<T: Element, R>(&self, read: impl FnOnce(&[T::Stored]) -> R) -> R {
        let storage = self.storage();
        if self.is_contiguous() {
            let start = self.layout().offset;
            return read(&T::slice(&storage)[start..start + self.numel()]);
        }
        let mut copy = Buffer::unspecified(self.numel());
        strided::copy(T::slice(&storage), self.layout().offset, self.stride(), self.shape(), &mut copy);
        read(&copy)
    }

    /// The same elements in order and without gaps, as a tensor outside any graph.
    pub(crate) fn to_contiguous(&self) -> Tensor {
        if self.is_contiguous() || self.is_meta() {
            return self.clone();
        }
        self.to_memory_order(&(0..self.dim()).collect::<super::Small<usize>>())
    }

    /// The same elements without gaps in memory, the dimensions in `order`, the last of them fastest.
    pub(crate) fn to_memory_order(&self, order: &[usize]) -> Tensor {
        if self.layout().is_dense_in(order.iter().copied()) {
            return self.clone();
        }
        let storage = self.storage();
        let source = self.layout().permuted(order);
        let layout = Layout::in_order(self.size(), order);
        dispatch_dtype!(self.dtype(), T => {
            let mut copy = Buffer::unspecified(self.numel());
            strided::copy(T::slice(&storage), source.offset, &source.strides, &source.shape, &mut copy);
            Tensor::from_buffer::<T>(copy, layout)
        })
    }

    /// Writes to the elements of a dense tensor in place, in the order of its memory.
    pub(crate) fn update<T: Element, R>(&self, write: impl FnOnce(&mut [T::Stored]) -> R) -> R {
        debug_assert!(self.layout().is_dense(), "an update of a tensor with gaps");
        self.write_storage(|storage, layout| write(&mut T::slice_mut(storage)[layout.offset..][..layout.shape.numel()]))
    }

    /// Write access to the storage, for an update of many tensors at once. As with
    /// [`write_storage`](Self::write_storage), the writer makes the storage its own by `Shared::make_mut`.
    pub(crate) fn lock_storage(&self) -> RwLockWriteGuard<'_, Shared<Storage>> {
        self.inner.version.fetch_add(1, Ordering::Relaxed);
        self.inner.storage.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The storage, or the refusal of a tensor that has none.
    pub(crate) fn readable(&self, operation: &str) -> Result<Shared<Storage>, ShapeError> {
        if self.is_meta() {
            return Err(ShapeError::new(operation, "the tensor is on the meta device and has no elements")
                .help("build the model and its input on the CPU to compute values"));
        }
        Ok(self.storage())
    }
}
