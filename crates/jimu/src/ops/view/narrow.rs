//! `narrow` and slices with a step: every `step`-th element of a stretch of one dimension.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};

use super::{View, apply_view};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Tensor};

#[derive(Clone, Copy)]
struct Slice {
    dim: usize,
    start: usize,
    step: usize,
    length: usize,
}

impl Slice {
    fn of(self, input: &Layout) -> Layout {
        let mut layout = input.clone();
        layout.shape.as_mut()[self.dim] = self.length;
        // A view of nothing stays where it is: what it would start at may lie beyond the storage.
        if layout.shape.numel() > 0 {
            layout.offset += self.start * layout.strides[self.dim];
        }
        layout.strides[self.dim] *= self.step;
        layout
    }
}

impl View for Slice {
    const NAME: &'static str = "slice";

    fn layout(&self, input: &Layout) -> Result<Layout, ShapeError> {
        Ok(self.of(input))
    }

    fn gradient(&self, input: &Layout, grad: &Tensor) -> Tensor {
        apply(Unslice { slice: *self, size: input.shape[self.dim] }, &[grad])
    }
}

/// Zeros of the whole's shape with the slice in its place: the gradient of a slice.
struct Unslice {
    slice: Slice,
    size: usize,
}

impl Operation for Unslice {
    const NAME: &'static str = "slice_backward";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut spec = Spec::like(inputs[0]);
        spec.shape.as_mut()[self.slice.dim] = self.size;
        Ok(spec)
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let whole = Layout::contiguous(spec.shape.clone());
        let part = self.slice.of(&whole);
        let (storage, source) = (inputs[0].storage(), inputs[0].layout());
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::zeroed(spec.shape.numel());
            let source = Operand { data: T::slice(&storage), offset: source.offset, strides: &source.strides };
            strided::assign(&part.shape, source, &mut out, part.offset, &part.strides);
            Tensor::from_buffer::<T>(out, whole)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply_view(self.slice, grad))
    }
}

impl Tensor {
    /// The `length` elements of dimension `dim` from `start` on, as a view:
    /// [`x.narrow`](https://pytorch.org/docs/stable/generated/torch.narrow.html). Nothing is copied.
    ///
    /// # Args
    /// - `dim`: may count from the end.
    /// - `start`: may count from the end.
    ///
    /// # Panics
    /// If the stretch reaches beyond the dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.narrow(1, 1, 2).to_vec::<i64>(), [2, 3, 5, 6]);
    /// ```
    #[track_caller]
    pub fn narrow(&self, dim: isize, start: isize, length: usize) -> Tensor {
        let slice = narrow_rule(self, dim, start, length).or_raise();
        apply_view(slice, self)
    }

    /// Every `step`-th element of dimension `dim` from `start` up to, not including, `end`, as a view: `x[start:end:step]`
    /// in that dimension. Bounds may count from the end and are cut to the dimension, as in Python.
    ///
    /// # Panics
    /// If `step` is 0 or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::arange(0, 6);
    /// assert_eq!(x.slice(0, 1, 100, 2).to_vec::<i64>(), [1, 3, 5]);
    /// assert_eq!(x.slice(0, -2, 6, 1).to_vec::<i64>(), [4, 5]);
    /// ```
    #[track_caller]
    pub fn slice(&self, dim: isize, start: isize, end: isize, step: usize) -> Tensor {
        apply_view(slice_rule(self, dim, start, end, step).or_raise(), self)
    }
}

fn narrow_rule(x: &Tensor, dim: isize, start: isize, length: usize) -> Result<Slice, ShapeError> {
    let position = has_dimension(x, dim, "narrow")?;
    let size = x.shape()[position];
    let first = if start < 0 { start + size as isize } else { start };
    if first < 0 || first as usize + length > size {
        let shape = x.shape();
        return Err(ShapeError::new(
            "narrow",
            format!("{length} elements from {start} reach beyond dimension {dim} of a tensor of shape {shape}"),
        )
        .help(format!("start + length must be at most {size}")));
    }
    Ok(Slice { dim: position, start: first as usize, step: 1, length })
}

fn slice_rule(x: &Tensor, dim: isize, start: isize, end: isize, step: usize) -> Result<Slice, ShapeError> {
    let position = has_dimension(x, dim, "slice")?;
    if step == 0 {
        return Err(ShapeError::new("slice", "the step is 0").help("use flip to reverse, or a step of at least 1"));
    }
    let size = x.shape()[position] as isize;
    let bound = |bound: isize| if bound < 0 { bound.saturating_add(size) } else { bound }.clamp(0, size) as usize;
    let (start, end) = (bound(start), bound(end));
    Ok(Slice { dim: position, start, step, length: end.saturating_sub(start).div_ceil(step) })
}

fn has_dimension(x: &Tensor, dim: isize, operation: &str) -> Result<usize, ShapeError> {
    match x.dim() {
        0 => Err(ShapeError::new(operation, "a 0-d tensor has no dimension to cut").help("unsqueeze it first")),
        _ => x.shape().dim(dim, operation),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].narrow(1, 1, 2), &[&variable([2, 4])]);
        check(|x| x[0].slice(-1, 0, 5, 2) * x[1], &[&variable([2, 5]), &variable([2, 3])]);
        check(|x| x[0].t().narrow(0, 2, 0).sum() + x[0].sum(), &[&variable([2, 4])]);
    }

    #[test]
    fn views_of_nothing() {
        assert!(Tensor::zeros([3]).narrow(0, 3, 0).to_vec::<f32>().is_empty());
        assert!(Tensor::zeros([0, 2]).select(1, 1).to_vec::<f32>().is_empty());
    }

    #[test]
    #[should_panic(expected = "3 elements from 2 reach beyond dimension 0 of a tensor of shape [4]")]
    fn refusal() {
        Tensor::zeros([4]).narrow(0, 2, 3);
    }
}
