//! Writing to a tensor in place.
//!
//! A tensor that a graph depends on is not written to: a leaf only under [`no_grad`](crate::no_grad), the result of a
//! tracked operation never. What other tensors share with it is copied first, so nobody else sees the change.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};
use jimu_kernels::threads::parallel_chunks_mut;

use super::random::next_stream;
use super::{Layout, Scalar, Tensor};
use crate::autograd::is_grad_enabled;
use crate::dtype::{DType, Element, dispatch_dtype, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::Number;
use crate::ops::view::IntoIndices;

/// Elements that one task writes.
const GRAIN: usize = 1 << 14;

/// The right-hand side of an in-place operation: a tensor, or a number.
#[derive(Clone, Debug)]
pub enum Value {
    /// A tensor, broadcast to the shape of the target. It must not require gradients, for none flow through a write.
    Tensor(Tensor),
    /// A number, the same for every element.
    Scalar(Scalar),
}

impl From<&Tensor> for Value {
    fn from(tensor: &Tensor) -> Self {
        Self::Tensor(tensor.clone())
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::from(&tensor)
    }
}

macro_rules! value_from {
    ($($number:ty)*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Self::Scalar(number.into())
            }
        }
    )*};
}
value_from!(bool u8 i32 i64 usize f32 f64 Scalar);

impl Value {
    /// The value in the type and shape of `target`'s part `shape`; a fraction does not fit a whole number, nor a number
    /// a truth value.
    fn fitted(&self, target: &Tensor, shape: &[usize], operation: &str, converts: bool) -> Result<Tensor, ShapeError> {
        let value = match self {
            Self::Tensor(tensor) => constant(tensor, operation)?,
            Self::Scalar(scalar) => Tensor::scalar(*scalar, scalar.promote(target.dtype())),
        };
        let (own, given) = (target.dtype(), value.dtype());
        if !converts && kind(given) > kind(own) {
            return Err(ShapeError::new(operation, format!("a {given} result does not fit a {own} tensor"))
                .help(format!("convert the tensor first, as in x.to(DType::{given:?})")));
        }
        let fits = value.dim() <= shape.len()
            && value.shape().iter().rev().zip(shape.iter().rev()).all(|(&from, &to)| from == to || from == 1);
        if !fits {
            let from = value.shape();
            return Err(ShapeError::new(
                operation,
                format!("a value of shape {from} does not fit the shape {shape:?}"),
            )
            .help("the target keeps its shape: only the value can be broadcast"));
        }
        Ok(value.to(own).expand(shape))
    }
}

/// The values of a tensor, if no gradient is lost by taking them alone.
fn constant(tensor: &Tensor, operation: &str) -> Result<Tensor, ShapeError> {
    match tensor.requires_grad() && is_grad_enabled() {
        true => Err(ShapeError::new(operation, "the value requires gradients, and no gradient flows through a write")
            .help("compute a new tensor (x + value, x.slice_assign(part, &value)), or write value.detach()")),
        false => Ok(tensor.detach()),
    }
}

/// Truth values, whole numbers and real numbers, in that order.
fn kind(dtype: DType) -> u8 {
    match dtype {
        DType::Bool => 0,
        DType::U8 | DType::I64 => 1,
        DType::F32 | DType::F64 => 2,
    }
}

impl Tensor {
    /// Sets every element to `value`: [`x.fill_(value)`](https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html).
    /// Returns the tensor for chaining, as all of the methods with a trailing underscore do.
    ///
    /// # Panics
    /// If a graph depends on the tensor: it is the result of a tracked operation, or a leaf that requires gradients
    /// outside [`no_grad`](crate::no_grad).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2]);
    /// x.fill_(1.5);
    /// assert_eq!(x.to_vec::<f32>(), [1.5, 1.5]);
    /// ```
    #[track_caller]
    pub fn fill_(&self, value: impl Into<Scalar>) -> Tensor {
        writable(self, "fill_").or_raise();
        write_part(self, self.layout(), &Tensor::scalar(value.into(), self.dtype()).expand(self.shape()));
        self.clone()
    }

    /// Sets every element to 0: [`x.zero_()`](https://pytorch.org/docs/stable/generated/torch.Tensor.zero_.html).
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::ones([2]).zero_().to_vec::<f32>(), [0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn zero_(&self) -> Tensor {
        writable(self, "zero_").or_raise();
        self.fill_(0)
    }

    /// Sets the elements to those of `source`, converted to the tensor's type and broadcast to its shape:
    /// [`x.copy_(source)`](https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html).
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_), and if the shape of `source` does not fit.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 2]);
    /// x.copy_(&Tensor::new([1, 2]));
    /// assert_eq!(x.to_vec::<f32>(), [1.0, 2.0, 1.0, 2.0]);
    /// ```
    #[track_caller]
    pub fn copy_(&self, source: &Tensor) -> Tensor {
        writable(self, "copy_").or_raise();
        let value = Value::from(source).fitted(self, self.shape(), "copy_", true).or_raise();
        write_part(self, self.layout(), &value);
        self.clone()
    }

    /// Sets a part of the tensor: Python's `x[1, 0:2] = value` is `x.set((1, 0..2), value)`. The part is named as in
    /// [`index`](Self::index); the value is broadcast to it and converted to the tensor's type. To let gradients flow, use
    /// [`slice_assign`](Self::slice_assign).
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_), and if there is no such part or the value's shape does not fit it.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 3]);
    /// x.set((1, 0..2), &Tensor::new([5.0, 6.0]));
    /// x.set((.., -1), 9);
    /// assert_eq!(x.to_vec::<f32>(), [0.0, 0.0, 9.0, 5.0, 6.0, 9.0]);
    /// ```
    #[track_caller]
    pub fn set(&self, indices: impl IntoIndices, value: impl Into<Value>) -> Tensor {
        writable(self, "set").or_raise();
        // Only the layout of the part is kept: the part itself would share the storage.
        let part = self.detach().index(indices).layout().clone();
        let value = value.into().fitted(self, &part.shape, "set", true).or_raise();
        write_part(self, &part, &value);
        self.clone()
    }

    /// Adds in place: [`x.add_(other)`](https://pytorch.org/docs/stable/generated/torch.Tensor.add_.html).
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_), and if the shape or the type of `other` does not fit.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let w = Tensor::ones([2]).requires_grad_();
    /// jimu::no_grad(|| w.add_(&Tensor::new([0.5, 1.0])).add_(1.0));
    /// assert_eq!(w.to_vec::<f32>(), [2.5, 3.0]);
    /// ```
    #[track_caller]
    pub fn add_(&self, other: impl Into<Value>) -> Tensor {
        update(self, other.into(), "add_", Arithmetic::Add)
    }

    /// Adds `alpha` times `other` in place: `x.add_(other, alpha=alpha)`.
    ///
    /// # Panics
    /// As [`add_`](Self::add_).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let w = Tensor::new([1.0, 2.0]);
    /// w.add_scaled_(&Tensor::new([10.0, 20.0]), -0.1);
    /// assert_eq!(w.to_vec::<f32>(), [0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn add_scaled_(&self, other: &Tensor, alpha: impl Into<Scalar>) -> Tensor {
        writable(self, "add_").or_raise();
        let alpha = alpha.into();
        let scaled = constant(other, "add_").or_raise().mul(&Tensor::scalar(alpha, alpha.promote(other.dtype())));
        update(self, scaled.into(), "add_", Arithmetic::Add)
    }

    /// Subtracts in place: [`x.sub_(other)`](https://pytorch.org/docs/stable/generated/torch.Tensor.sub_.html).
    ///
    /// # Panics
    /// As [`add_`](Self::add_).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([3, 5]).sub_(1).to_vec::<i64>(), [2, 4]);
    /// ```
    #[track_caller]
    pub fn sub_(&self, other: impl Into<Value>) -> Tensor {
        update(self, other.into(), "sub_", Arithmetic::Sub)
    }

    /// Multiplies in place: [`x.mul_(other)`](https://pytorch.org/docs/stable/generated/torch.Tensor.mul_.html).
    ///
    /// # Panics
    /// As [`add_`](Self::add_).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 2.0], [3.0, 4.0]]);
    /// x.mul_(&Tensor::new([[10.0], [1.0]]));
    /// assert_eq!(x.to_vec::<f32>(), [10.0, 20.0, 3.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn mul_(&self, other: impl Into<Value>) -> Tensor {
        update(self, other.into(), "mul_", Arithmetic::Mul)
    }

    /// Divides in place: [`x.div_(other)`](https://pytorch.org/docs/stable/generated/torch.Tensor.div_.html).
    ///
    /// # Panics
    /// As [`add_`](Self::add_), and if the tensor's elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([3.0, 5.0]).div_(2).to_vec::<f32>(), [1.5, 2.5]);
    /// ```
    #[track_caller]
    pub fn div_(&self, other: impl Into<Value>) -> Tensor {
        update(self, other.into(), "div_", Arithmetic::Div)
    }

    /// Limits every element to `min..=max` in place:
    /// [`x.clamp_(min, max)`](https://pytorch.org/docs/stable/generated/torch.Tensor.clamp_.html). Where `min` is larger
    /// than `max`, `max` wins; NaN stays.
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_), and if the elements are truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-3.0, 0.5, 3.0]).clamp_(-1, 1).to_vec::<f32>(), [-1.0, 0.5, 1.0]);
    /// ```
    #[track_caller]
    pub fn clamp_(&self, min: impl Into<Scalar>, max: impl Into<Scalar>) -> Tensor {
        writable(self, "clamp_").and_then(|()| no_truth_values(self, "clamp_")).or_raise();
        let (min, max) = (min.into().to_f64(), max.into().to_f64());
        dispatch_number!(self.dtype(), T => {
            let (min, max) = (T::from_f64(min), T::from_f64(max));
            let limit = |x: T| if x > max || min > max { max } else if x < min { min } else { x };
            map_in_place::<T>(self, |x| if Number::is_nan(x) { x } else { limit(x) });
        });
        self.clone()
    }

    /// Fills the tensor with numbers uniform in [from, to):
    /// [`x.uniform_(from, to)`](https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html).
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_), and if the elements are not real numbers or `from` is larger than `to`.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([100]).uniform_(-1.0, 1.0);
    /// assert!(x.to_vec::<f32>().iter().all(|x| (-1.0..1.0).contains(x)));
    /// ```
    #[track_caller]
    pub fn uniform_(&self, from: f64, to: f64) -> Tensor {
        writable(self, "uniform_").and_then(|()| real(self, "uniform_")).or_raise();
        if from > to {
            crate::error::raise(
                ShapeError::new("uniform_", format!("the range from {from} to {to} is empty"))
                    .help("give the smaller bound first"),
            );
        }
        let mut generator = next_stream();
        let mut draw = || from + (to - from) * f64::from(generator.uniform());
        // Rounding may reach the open end: it is drawn again.
        let below = |x: f64| from == to || (if self.dtype() == DType::F32 { f64::from(x as f32) } else { x }) < to;
        fill_with(self, || {
            loop {
                let x = draw();
                if below(x) {
                    return x;
                }
            }
        });
        self.clone()
    }

    /// Fills the tensor with numbers from the normal distribution:
    /// [`x.normal_(mean, std)`](https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html).
    ///
    /// # Panics
    /// As [`fill_`](Self::fill_), and if the elements are not real numbers or `std` is negative.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([1000]).normal_(5.0, 0.1);
    /// assert!((x.mean().item() - 5.0).abs() < 0.05);
    /// ```
    #[track_caller]
    pub fn normal_(&self, mean: f64, std: f64) -> Tensor {
        writable(self, "normal_").and_then(|()| real(self, "normal_")).or_raise();
        if std < 0.0 || std.is_nan() {
            crate::error::raise(
                ShapeError::new("normal_", format!("a deviation of {std} is no deviation")).help("give 0 or more"),
            );
        }
        if !self.is_meta() {
            let standard = Tensor::randn(self.size()).to(self.dtype());
            write_part(self, self.layout(), &standard);
            dispatch_number!(self.dtype(), T => {
                map_in_place::<T>(self, |x| T::from_f64(mean + std * Element::to_f64(x)));
            });
        }
        self.clone()
    }
}

#[derive(Clone, Copy)]
enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
}

#[track_caller]
fn update(x: &Tensor, other: Value, name: &str, arithmetic: Arithmetic) -> Tensor {
    let other = update_rule(x, &other, name, arithmetic).or_raise();
    if x.is_meta() || other.is_meta() {
        return x.clone();
    }
    dispatch_number!(x.dtype(), T => match arithmetic {
        Arithmetic::Add => zip_in_place::<T>(x, &other, |a, b| a.plus(b)),
        Arithmetic::Sub => zip_in_place::<T>(x, &other, |a, b| a.minus(b)),
        Arithmetic::Mul => zip_in_place::<T>(x, &other, |a, b| a.times(b)),
        Arithmetic::Div => zip_in_place::<T>(x, &other, |a, b| a / b),
    });
    x.clone()
}

fn update_rule(x: &Tensor, other: &Value, name: &str, arithmetic: Arithmetic) -> Result<Tensor, ShapeError> {
    writable(x, name)?;
    no_truth_values(x, name)?;
    if matches!(arithmetic, Arithmetic::Div) {
        real(x, name)?;
    }
    other.fitted(x, x.shape(), name, false)
}

fn writable(x: &Tensor, name: &str) -> Result<(), ShapeError> {
    if !x.is_leaf() {
        return Err(ShapeError::new(
            name,
            "the tensor is the result of a tracked operation, and its graph needs it as it is",
        )
        .help("compute a new tensor, or write to x.detach()"));
    }
    if x.requires_grad() && is_grad_enabled() {
        return Err(ShapeError::new(
            name,
            "the tensor is a leaf that requires gradients, and no gradient flows through a write",
        )
        .help("write to it within jimu::no_grad(|| …)"));
    }
    let overlaps = x.shape().iter().zip(x.stride()).any(|(&size, &stride)| size > 1 && stride == 0);
    if overlaps {
        return Err(ShapeError::new(
            name,
            "several elements of the tensor share one place in memory (it was expanded)",
        )
        .help("write to x.contiguous()"));
    }
    Ok(())
}

fn real(x: &Tensor, name: &str) -> Result<(), ShapeError> {
    match x.dtype().is_floating_point() {
        true => Ok(()),
        false => Err(ShapeError::new(name, format!("the result is real, but the tensor is {}", x.dtype()))
            .help("convert it with x.to(DType::F32) first")),
    }
}

fn no_truth_values(x: &Tensor, name: &str) -> Result<(), ShapeError> {
    match x.dtype() {
        DType::Bool => {
            Err(ShapeError::new(name, "truth values have no arithmetic").help("convert them to numbers first"))
        }
        _ => Ok(()),
    }
}

/// Writes `value`, of the part's shape and type, to the part of `x` that lies at `part` of its storage.
fn write_part(x: &Tensor, part: &Layout, value: &Tensor) {
    if x.is_meta() || value.is_meta() {
        return;
    }
    let (storage, source) = (value.storage(), value.layout());
    dispatch_dtype!(x.dtype(), T => x.write_storage(|target, _| {
        let source = Operand { data: T::slice(&storage), offset: source.offset, strides: &source.strides };
        strided::assign(&part.shape, source, T::slice_mut(target), part.offset, &part.strides);
    }));
}

/// Draws every element in plain order.
fn fill_with(x: &Tensor, mut draw: impl FnMut() -> f64) {
    if x.is_meta() {
        return;
    }
    dispatch_dtype!(x.dtype(), T => {
        let mut drawn = Buffer::unspecified(x.numel());
        drawn.iter_mut().for_each(|element| *element = T::from_f64(draw()).into_stored());
        write_part(x, x.layout(), &Tensor::from_buffer::<T>(drawn, Layout::contiguous(x.size())));
    });
}

/// `x[i] = f(x[i])`.
fn map_in_place<T: Element<Stored = T> + Number>(x: &Tensor, f: impl Fn(T) -> T + Sync) {
    let itself = x.detach().full_like(0);
    zip_in_place::<T>(x, &itself, |element, _| f(element));
}

/// `x[i] = f(x[i], other[i])`; the shapes agree.
fn zip_in_place<T: Element<Stored = T> + Number>(x: &Tensor, other: &Tensor, f: impl Fn(T, T) -> T + Sync) {
    if x.is_meta() {
        return;
    }
    let order = x.layout().memory_order();
    let other = if other.numel() == 0 { other.clone() } else { other.to_memory_order(&order) };
    let (storage, start, dense) = (other.storage(), other.layout().offset, x.layout().is_dense());
    let right = &T::slice(&storage)[start..start + x.numel()];
    x.write_storage(|target, layout| {
        let target = T::slice_mut(target);
        if dense {
            let left = &mut target[layout.offset..layout.offset + right.len()];
            parallel_chunks_mut(left, GRAIN, |chunk, left| {
                let right = &right[chunk * GRAIN..][..left.len()];
                left.iter_mut().zip(right).for_each(|(a, &b)| *a = f(*a, b));
            });
            return;
        }
        let source = layout.permuted(&order);
        let mut result = Buffer::unspecified(right.len());
        strided::copy(target, source.offset, &source.strides, &source.shape, &mut result);
        result.iter_mut().zip(right).for_each(|(a, &b)| *a = f(*a, b));
        let strides = source.shape.contiguous_strides();
        let operand = Operand { data: &result, offset: 0, strides: &strides };
        strided::assign(&source.shape, operand, target, source.offset, &source.strides);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_sees_a_write() {
        let x = Tensor::arange(0, 6).reshape([2, 3]);
        let column = x.select(1, 1);
        x.set((.., 1), 0);
        assert_eq!(x.to_vec::<i64>(), [0, 0, 2, 3, 0, 5]);
        assert_eq!(column.to_vec::<i64>(), [1, 4]);
        column.add_(10);
        assert_eq!((column.to_vec::<i64>(), x.index((0, 1)).item()), (vec![11, 14], 0.0));
    }

    #[test]
    fn every_layout_and_the_tensor_itself() {
        let x = Tensor::arange(0, 6).reshape([2, 3]).t();
        x.add_(&x).sub_(Tensor::new([[1], [2], [3]]));
        assert_eq!(x.to_vec::<i64>(), [-1, 5, 0, 6, 1, 7]);
        let columns = Tensor::arange(0, 8).reshape([2, 4]).slice(1, 0, 4, 2);
        assert_eq!(columns.mul_(Tensor::new([10, 1])).to_vec::<i64>(), [0, 2, 40, 6]);
    }

    #[test]
    fn clones_are_the_same_tensor() {
        let (x, y) = (Tensor::zeros([1]), Tensor::zeros([1]));
        let same = x.clone();
        x.copy_(&y.fill_(2));
        assert_eq!(same.item(), 2.0);
    }

    #[test]
    fn distributions() {
        crate::manual_seed(1);
        let x = Tensor::zeros_of([10_000], DType::F64).uniform_(2.0, 4.0);
        let mean = x.mean().item();
        let variance = ((&x - mean) * (&x - mean)).mean().item();
        assert!((mean - 3.0).abs() < 0.02 && (variance - 1.0 / 3.0).abs() < 0.01, "{mean} {variance}");
        let x = Tensor::zeros([10_000]).t().normal_(-1.0, 3.0);
        let mean = x.mean().item();
        let variance = ((&x - mean) * (&x - mean)).mean().item();
        assert!((mean + 1.0).abs() < 0.1 && (variance - 9.0).abs() < 0.4, "{mean} {variance}");
    }

    #[test]
    #[should_panic(expected = "add_: the tensor is a leaf that requires gradients")]
    fn a_leaf_is_written_to_only_without_a_graph() {
        Tensor::zeros([1]).requires_grad_().add_(1);
    }

    #[test]
    #[should_panic(expected = "set: the value requires gradients, and no gradient flows through a write")]
    fn a_gradient_is_not_lost_in_a_write() {
        Tensor::zeros([2]).set(0, Tensor::new(1.0).requires_grad_());
    }

    #[test]
    #[should_panic(expected = "mul_: the tensor is the result of a tracked operation")]
    fn a_result_is_never_written_to() {
        let y = Tensor::zeros([1]).requires_grad_() * 2.0;
        crate::no_grad(|| y.mul_(2));
    }

    #[test]
    #[should_panic(expected = "add_: a float32 result does not fit a int64 tensor")]
    fn fractions_do_not_fit_whole_numbers() {
        Tensor::new([1]).add_(0.5);
    }

    #[test]
    #[should_panic(expected = "set: a value of shape [3] does not fit the shape [2]")]
    fn the_target_keeps_its_shape() {
        Tensor::zeros([2, 2]).set(0, Tensor::zeros([3]));
    }

    #[test]
    #[should_panic(expected = "fill_: several elements of the tensor share one place")]
    fn expanded_tensors_are_refused() {
        Tensor::zeros([1]).expand([3]).fill_(1);
    }
}
