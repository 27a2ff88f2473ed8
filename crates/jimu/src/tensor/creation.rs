//! Tensors from numbers.

use jimu_kernels::buffer::Buffer;

use super::access::Scalar;
use super::{Layout, Shape, Tensor};
use crate::device::Device;
use crate::dtype::{DType, Element, dispatch_dtype};
use crate::error::{ShapeError, raise};

impl Tensor {
    /// A tensor from numbers written in place: `torch.tensor`. Real numbers become `f32`, PyTorch's default type,
    /// whole numbers `i64`, truth values `bool`.
    ///
    /// # Args
    /// - `data`: a number, or an array or `Vec` of numbers, nested up to four deep.
    ///
    /// # Examples
    /// ```
    /// use jimu::{DType, Tensor};
    /// let x = Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.size(), [2, 3]);
    /// assert_eq!(x.dtype(), DType::F32);
    /// assert_eq!(Tensor::new([1, 2, 3]).dtype(), DType::I64);
    /// assert_eq!(Tensor::new(3.5).dim(), 0);
    /// ```
    #[track_caller]
    pub fn new(data: impl IntoTensor) -> Self {
        data.into_tensor()
    }

    /// A tensor of `shape` over the elements of `data`, the last dimension fastest; the element type is kept.
    ///
    /// # Panics
    /// If the number of elements is not the product of the sizes.
    ///
    /// # Examples
    /// ```
    /// use jimu::{DType, Tensor};
    /// let x = Tensor::from_vec(vec![1.0f64, 2.0, 3.0, 4.0], [2, 2]);
    /// assert_eq!(x.dtype(), DType::F64);
    /// ```
    #[track_caller]
    pub fn from_vec<T: Element>(data: Vec<T>, shape: impl Into<Shape>) -> Self {
        Self::from_slice(&data, shape)
    }

    /// As [`from_vec`](Self::from_vec), from borrowed elements.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::from_slice(&[1u8, 2], [2]).size(), [2]);
    /// ```
    #[track_caller]
    pub fn from_slice<T: Element>(data: &[T], shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if data.len() != shape.numel() {
            let (have, want) = (data.len(), shape.numel());
            raise(
                ShapeError::new(
                    "from_vec",
                    format!("a tensor of shape {shape} has {want} elements, but {have} are given"),
                )
                .help("make the product of the sizes equal to the number of elements"),
            );
        }
        let mut buffer = Buffer::unspecified(data.len());
        for (stored, &value) in buffer.iter_mut().zip(data) {
            *stored = value.into_stored();
        }
        Self::from_buffer::<T>(buffer, Layout::contiguous(shape))
    }

    /// Zeros of type `f32`.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([2]).to_vec::<f32>(), [0.0, 0.0]);
    /// ```
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        Self::zeros_of(shape, DType::F32)
    }

    /// Zeros of the type given: `torch.zeros(shape, dtype=…)`.
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// assert_eq!(Tensor::zeros_of([2], DType::I64).to_vec::<i64>(), [0, 0]);
    /// ```
    pub fn zeros_of(shape: impl Into<Shape>, dtype: DType) -> Self {
        let shape = shape.into();
        if Device::of_new_tensors() == Device::Meta {
            return Self::meta(dtype, shape);
        }
        dispatch_dtype!(dtype, T => {
            Self::from_buffer::<T>(Buffer::zeroed(shape.numel()), Layout::contiguous(shape))
        })
    }

    /// Ones of type `f32`.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::ones([2]).to_vec::<f32>(), [1.0, 1.0]);
    /// ```
    pub fn ones(shape: impl Into<Shape>) -> Self {
        Self::full(shape, 1.0)
    }

    /// Ones of the type given.
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// assert_eq!(Tensor::ones_of([1], DType::U8).to_vec::<u8>(), [1]);
    /// ```
    pub fn ones_of(shape: impl Into<Shape>, dtype: DType) -> Self {
        Self::full_of(shape, 1.0, dtype)
    }

    /// `value` in every element; the type follows the value: `f32`, `i64` or `bool`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::full([2], 7).to_vec::<i64>(), [7, 7]);
    /// assert_eq!(Tensor::full([2], 0.5).to_vec::<f32>(), [0.5, 0.5]);
    /// ```
    pub fn full(shape: impl Into<Shape>, value: impl Into<Scalar>) -> Self {
        let value = value.into();
        Self::full_of(shape, value, value.promote(DType::Bool))
    }

    /// `value` in every element, with the type given.
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// assert_eq!(Tensor::full_of([1], 2, DType::F64).item(), 2.0);
    /// ```
    pub fn full_of(shape: impl Into<Shape>, value: impl Into<Scalar>, dtype: DType) -> Self {
        let (shape, value) = (shape.into(), value.into());
        if Device::of_new_tensors() == Device::Meta {
            return Self::meta(dtype, shape);
        }
        dispatch_dtype!(dtype, T => {
            let element = match value {
                // Not by way of f64, which cannot hold every i64.
                Scalar::Int(int) if dtype == DType::I64 => return Self::from_vec(vec![int; shape.numel()], shape),
                value => T::from_f64(value.to_f64()).into_stored(),
            };
            let mut buffer = Buffer::unspecified(shape.numel());
            buffer.fill(element);
            Self::from_buffer::<T>(buffer, Layout::contiguous(shape))
        })
    }

    /// Zeros of the shape, type and device of `self`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1, 2]).zeros_like().to_vec::<i64>(), [0, 0]);
    /// ```
    pub fn zeros_like(&self) -> Self {
        self.full_like(0)
    }

    /// Ones of the shape, type and device of `self`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([2]).ones_like().to_vec::<f32>(), [1.0, 1.0]);
    /// ```
    pub fn ones_like(&self) -> Self {
        self.full_like(1)
    }

    /// `value` in every element, with the shape, type, device and memory order of `self`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([2]).full_like(3).to_vec::<f32>(), [3.0, 3.0]);
    /// ```
    pub fn full_like(&self, value: impl Into<Scalar>) -> Self {
        if self.is_meta() {
            return Self::meta(self.dtype(), self.size());
        }
        let flat = Self::full_of(self.numel(), value, self.dtype());
        flat.with_layout(Layout::in_order(self.size(), &self.layout().memory_order()))
    }

    /// Whole numbers from `start` up to, not including, `end`: `torch.arange`.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::arange(2, 5).to_vec::<i64>(), [2, 3, 4]);
    /// ```
    pub fn arange(start: i64, end: i64) -> Self {
        Self::from_vec((start..end).collect::<Vec<_>>(), (end - start).max(0) as usize)
    }

    /// `start`, `start + step`, … up to, not including, `end`, in `f32` or, if all three are whole, `i64`.
    ///
    /// # Panics
    /// If `step` is 0, not finite, or leads away from `end`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::arange_step(1.0, 2.5, 0.5).to_vec::<f32>(), [1.0, 1.5, 2.0]);
    /// assert_eq!(Tensor::arange_step(5, 0, -2).to_vec::<i64>(), [5, 3, 1]);
    /// ```
    #[track_caller]
    pub fn arange_step(start: impl Into<Scalar>, end: impl Into<Scalar>, step: impl Into<Scalar>) -> Self {
        let (start, end, step) = (start.into(), end.into(), step.into());
        let dtype = [start, end, step].iter().fold(DType::I64, |dtype, value| value.promote(dtype));
        Self::arange_of(start, end, step, dtype)
    }

    /// As [`arange_step`](Self::arange_step), with the type given. Whole numbers are counted by
    /// `start`, `end` and `step` as they are, which then lose their fractions, as in PyTorch.
    ///
    /// # Panics
    /// As [`arange_step`](Self::arange_step).
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// assert_eq!(Tensor::arange_of(0, 3, 1, DType::F64).to_vec::<f64>(), [0.0, 1.0, 2.0]);
    /// assert_eq!(Tensor::arange_of(0.5, 4.5, 2.5, DType::I64).to_vec::<i64>(), [0, 2]);
    /// ```
    #[track_caller]
    pub fn arange_of(start: impl Into<Scalar>, end: impl Into<Scalar>, step: impl Into<Scalar>, dtype: DType) -> Self {
        let [first, last, by] = [start.into(), end.into(), step.into()].map(Scalar::to_f64);
        let count = (last - first) / by;
        if by == 0.0 || !count.is_finite() || count < 0.0 {
            raise(
                ShapeError::new("arange", format!("steps of {by} do not lead from {first} to {last}"))
                    .help("give a step other than 0 with the sign of end - start"),
            );
        }
        let (first, by) = if dtype.is_floating_point() { (first, by) } else { (first.trunc(), by.trunc()) };
        let values = (0..count.ceil() as usize).map(|index| first + index as f64 * by);
        dispatch_dtype!(dtype, T => {
            let values: Vec<T> = values.map(T::from_f64).collect();
            let count = values.len();
            Self::from_vec(values, count)
        })
    }

    /// `steps` numbers from `start` to `end`, both included, evenly spaced, in `f32`: `torch.linspace`.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::linspace(0.0, 1.0, 3).to_vec::<f32>(), [0.0, 0.5, 1.0]);
    /// ```
    pub fn linspace(start: f64, end: f64, steps: usize) -> Self {
        Self::linspace_of(start, end, steps, DType::F32)
    }

    /// As [`linspace`](Self::linspace), with the type given. For whole numbers both ends lose their fractions first, and
    /// then each number its own, as in PyTorch.
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// assert_eq!(Tensor::linspace_of(0.0, 5.0, 3, DType::I64).to_vec::<i64>(), [0, 2, 5]);
    /// ```
    pub fn linspace_of(start: f64, end: f64, steps: usize, dtype: DType) -> Self {
        let whole = |value: f64| if dtype.is_floating_point() { value } else { value.trunc() };
        let (start, end) = (whole(start), whole(end));
        let step = (end - start) / (steps.max(2) - 1) as f64;
        // From both ends, so that the last element is exactly `end`. A single one is `start`.
        let value = |index: usize| match steps == 1 || index < steps / 2 {
            true => start + index as f64 * step,
            false => end - (steps - 1 - index) as f64 * step,
        };
        dispatch_dtype!(dtype, T => Self::from_vec((0..steps).map(|index| T::from_f64(value(index))).collect(), steps))
    }

    /// The identity matrix of `n` rows, in `f32`.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::eye(2).to_vec::<f32>(), [1.0, 0.0, 0.0, 1.0]);
    /// ```
    pub fn eye(n: usize) -> Self {
        Self::eye_of(n, n, DType::F32)
    }

    /// Ones on the main diagonal of an `n` x `m` matrix, zeros elsewhere.
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// assert_eq!(Tensor::eye_of(2, 3, DType::I64).to_vec::<i64>(), [1, 0, 0, 0, 1, 0]);
    /// ```
    pub fn eye_of(n: usize, m: usize, dtype: DType) -> Self {
        dispatch_dtype!(dtype, T => {
            let mut buffer = Buffer::zeroed(n * m);
            for row in 0..n.min(m) {
                buffer[row * m + row] = T::from_f64(1.0).into_stored();
            }
            Self::from_buffer::<T>(buffer, Layout::contiguous([n, m].into()))
        })
    }

    /// A tensor on [`Device::Meta`](crate::Device::Meta): a shape and a type, no elements. Running a model on it
    /// checks every shape and computes nothing.
    ///
    /// ```
    /// use jimu::{DType, Tensor};
    /// let x = Tensor::empty_meta([1 << 20, 1 << 20], DType::F32);
    /// assert_eq!(x.matmul(&x).size(), [1 << 20, 1 << 20]);
    /// ```
    pub fn empty_meta(shape: impl Into<Shape>, dtype: DType) -> Self {
        Self::meta(dtype, shape.into())
    }

    /// A 0-d tensor of the given type, for an operator that meets a scalar.
    pub(crate) fn scalar(value: Scalar, dtype: DType) -> Self {
        Self::full_of(Shape::default(), value, dtype)
    }
}

/// What [`Tensor::new`] takes: numbers, and arrays and vectors of them.
pub trait IntoTensor {
    /// The tensor.
    fn into_tensor(self) -> Tensor;
}

macro_rules! into_tensor {
    ($($given:ty => $kept:ty),*) => {$(
        impl IntoTensor for $given {
            fn into_tensor(self) -> Tensor {
                Tensor::from_vec(vec![self as $kept], Shape::default())
            }
        }
        impl IntoTensor for Vec<$given> {
            #[track_caller]
            fn into_tensor(self) -> Tensor {
                let count = self.len();
                Tensor::from_vec(self.into_iter().map(|value| value as $kept).collect(), count)
            }
        }
        impl IntoTensor for &[$given] {
            #[track_caller]
            fn into_tensor(self) -> Tensor {
                self.to_vec().into_tensor()
            }
        }
        into_tensor!(@array $given, [$given; A], [A], A);
        into_tensor!(@array $given, [[$given; B]; A], [A, B], A B);
        into_tensor!(@array $given, [[[$given; C]; B]; A], [A, B, C], A B C);
        into_tensor!(@array $given, [[[[$given; D]; C]; B]; A], [A, B, C, D], A B C D);
    )*};
    (@array $given:ty, $array:ty, $shape:expr, $($size:ident)*) => {
        impl<$(const $size: usize),*> IntoTensor for $array {
            #[track_caller]
            fn into_tensor(self) -> Tensor {
                let mut flat: Vec<$given> = Vec::new();
                self.append_to(&mut flat);
                let tensor = flat.into_tensor();
                tensor.with_layout(Layout::contiguous($shape.into()))
            }
        }
    };
}
into_tensor!(f32 => f32, f64 => f32, i32 => i64, i64 => i64, u8 => u8, bool => bool);

/// Appends the numbers of a nested array in order.
trait AppendTo<T> {
    fn append_to(self, flat: &mut Vec<T>);
}

impl<T: Copy + Leaf> AppendTo<T> for T {
    fn append_to(self, flat: &mut Vec<T>) {
        flat.push(self);
    }
}

impl<T, A: AppendTo<T>, const N: usize> AppendTo<T> for [A; N] {
    fn append_to(self, flat: &mut Vec<T>) {
        for inner in self {
            inner.append_to(flat);
        }
    }
}

/// A number, as opposed to an array of numbers.
trait Leaf {}
impl Leaf for f32 {}
impl Leaf for f64 {}
impl Leaf for i32 {}
impl Leaf for i64 {}
impl Leaf for u8 {}
impl Leaf for bool {}

impl<T: Element> From<Vec<T>> for Tensor {
    fn from(data: Vec<T>) -> Self {
        let count = data.len();
        Self::from_vec(data, count)
    }
}
