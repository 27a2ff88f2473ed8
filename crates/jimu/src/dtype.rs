//! Element types.

use std::fmt;

use jimu_kernels::buffer::Buffer;

use crate::tensor::Storage;

/// The type of a tensor's elements, known at run time.
///
/// | jimu | PyTorch | Rust |
/// |---|---|---|
/// | `DType::F32` | `torch.float32` | [`f32`] |
/// | `DType::F64` | `torch.float64` | [`f64`] |
/// | `DType::I64` | `torch.int64` | [`i64`] |
/// | `DType::U8` | `torch.uint8` | [`u8`] |
/// | `DType::Bool` | `torch.bool` | [`bool`] |
///
/// ```
/// use jimu::{DType, Tensor};
/// assert_eq!(Tensor::zeros([2]).dtype(), DType::F32);
/// assert_eq!(Tensor::arange(0, 3).dtype(), DType::I64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// Truth values.
    Bool,
    /// Unsigned bytes: pixels.
    U8,
    /// Signed 64-bit integers: class labels and indices.
    I64,
    /// Single precision: the default of everything that is trained.
    F32,
    /// Double precision: for checking gradients.
    F64,
}

impl DType {
    /// All types, in the order of their numbers.
    pub(crate) const ALL: [Self; 5] = [Self::Bool, Self::U8, Self::I64, Self::F32, Self::F64];

    /// Whether the type is `F32` or `F64`; only such tensors can require gradients.
    pub fn is_floating_point(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Bytes an element.
    pub fn size_in_bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 => 1,
            Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// The type of a result of `self` and `other`: the larger in the order bool < u8 < i64 < f32 < f64, which is
    /// [PyTorch's promotion](https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc) for these types.
    pub fn promote(self, other: Self) -> Self {
        self.max(other)
    }

    /// `self` if it is a floating-point type, else the default `F32`: what a division or an `exp` of it gives.
    pub fn to_floating_point(self) -> Self {
        if self.is_floating_point() { self } else { Self::F32 }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for i64 {}
    impl Sealed for u8 {}
    impl Sealed for bool {}
}

/// A Rust type that a tensor's elements can have: [`f32`], [`f64`], [`i64`], [`u8`] and [`bool`].
pub trait Element: sealed::Sealed + Copy + PartialEq + PartialOrd + fmt::Debug + Send + Sync + 'static {
    /// The element type's name at run time.
    const DTYPE: DType;

    /// How the element lies in memory; a `bool` is a byte that is 0 or 1.
    #[doc(hidden)]
    type Stored: bytemuck::Pod + Send + Sync;
    #[doc(hidden)]
    fn into_stored(self) -> Self::Stored;
    #[doc(hidden)]
    fn from_stored(stored: Self::Stored) -> Self;
    #[doc(hidden)]
    fn wrap(buffer: Buffer<Self::Stored>) -> Storage;
    #[doc(hidden)]
    fn slice(storage: &Storage) -> &[Self::Stored];
    #[doc(hidden)]
    fn slice_mut(storage: &mut Storage) -> &mut [Self::Stored];
    #[doc(hidden)]
    fn from_f64(value: f64) -> Self;
    #[doc(hidden)]
    fn to_f64(self) -> f64;
}

macro_rules! element {
    ($rust:ty, $stored:ty, $variant:ident, $into:expr, $from:expr, $from_f64:expr, $to_f64:expr) => {
        impl Element for $rust {
            const DTYPE: DType = DType::$variant;
            type Stored = $stored;
            #[inline]
            fn into_stored(self) -> $stored {
                $into(self)
            }
            #[inline]
            fn from_stored(stored: $stored) -> Self {
                $from(stored)
            }
            fn wrap(buffer: Buffer<$stored>) -> Storage {
                Storage::$variant(buffer)
            }
            fn slice(storage: &Storage) -> &[$stored] {
                match storage {
                    Storage::$variant(buffer) => buffer,
                    other => unreachable!("{} elements asked of a {} storage", DType::$variant, other.dtype()),
                }
            }
            fn slice_mut(storage: &mut Storage) -> &mut [$stored] {
                match storage {
                    Storage::$variant(buffer) => buffer,
                    other => unreachable!("{} elements asked of a {} storage", DType::$variant, other.dtype()),
                }
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                $from_f64(value)
            }
            #[inline]
            fn to_f64(self) -> f64 {
                $to_f64(self)
            }
        }
    };
}

element!(f32, f32, F32, |x| x, |x| x, |x: f64| x as f32, |x: f32| x as f64);
element!(f64, f64, F64, |x| x, |x| x, |x: f64| x, |x: f64| x);
element!(i64, i64, I64, |x| x, |x| x, |x: f64| x as i64, |x: i64| x as f64);
element!(u8, u8, U8, |x| x, |x| x, |x: f64| x as i64 as u8, |x: u8| x as f64);
element!(bool, u8, Bool, |x| x as u8, |x| x != 0, |x: f64| x != 0.0, |x: bool| x as u8 as f64);

/// Runs `$body` with `$T` standing for the Rust type of the elements of `$dtype`.
macro_rules! dispatch_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::Bool => {
                type $T = bool;
                $body
            }
        }
    };
}

/// As `dispatch_dtype`, for numbers: the shape rule must have refused `Bool`.
macro_rules! dispatch_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::Bool => unreachable!("the shape rule lets no bool through"),
        }
    };
}

/// As `dispatch_dtype`, for the floating-point types: the shape rule must have refused the others.
macro_rules! dispatch_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            other => unreachable!("the shape rule lets no {other} through"),
        }
    };
}

pub(crate) use {dispatch_dtype, dispatch_float, dispatch_number};
