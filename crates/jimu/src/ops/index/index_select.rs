//! `index_select` and `index_add`.

use jimu_kernels::buffer::Buffer;

use super::{Lanes, index_rule};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, Element, dispatch_dtype, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::Number;
use crate::tensor::{Layout, Tensor};

/// Inputs: the tensor and the 1-d index.
struct IndexSelect {
    dim: usize,
    size: usize,
}

impl Operation for IndexSelect {
    const NAME: &'static str = "index_select";

    fn saves(&self) -> Saves {
        Saves::These(0b10)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut spec = Spec::like(inputs[0]);
        spec.shape.as_mut()[self.dim] = inputs[1].numel();
        Ok(spec)
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[0].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| inputs[1].with_contiguous::<i64, _>(|index| {
                to.for_each_block(&mut out, |block, out: &mut [<T as Element>::Stored]| {
                    let source = &source[block * from.block()..][..from.block()];
                    for (out, &position) in out.chunks_mut(to.inner).zip(index) {
                        out.copy_from_slice(&source[position as usize * from.inner..][..from.inner]);
                    }
                });
            }));
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = || index_add_checked(grad, self.dim, self.size, &context.input(1));
        [context.needs(0).then(gradient), None].into_iter().collect()
    }
}

/// Zeros of `size` positions in dimension `dim`, to each of which the rows that the index names are added. Inputs: the
/// rows and the 1-d index.
struct IndexAdd {
    dim: usize,
    size: usize,
}

impl Operation for IndexAdd {
    const NAME: &'static str = "index_add";

    fn saves(&self) -> Saves {
        Saves::These(0b10)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut spec = Spec::like(inputs[0]);
        spec.shape.as_mut()[self.dim] = self.size;
        Ok(spec)
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[0].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        dispatch_number!(spec.dtype, T => {
            let mut out = Buffer::zeroed(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| inputs[1].with_contiguous::<i64, _>(|index| {
                to.for_each_block(&mut out, |block, out: &mut [<T as Element>::Stored]| {
                    let rows = source[block * from.block()..][..from.block()].chunks(from.inner);
                    for (row, &position) in rows.zip(index) {
                        let target = &mut out[position as usize * to.inner..][..to.inner];
                        target.iter_mut().zip(row).for_each(|(target, &element)| *target = target.plus(element));
                    }
                });
            }));
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = || index_select_checked(grad, self.dim, &context.input(1));
        [context.needs(0).then(gradient), None].into_iter().collect()
    }
}

/// `index_select` with an index that is known to be right, of a tensor that is not 0-d.
pub(crate) fn index_select_checked(x: &Tensor, dim: usize, index: &Tensor) -> Tensor {
    apply(IndexSelect { dim, size: x.shape()[dim] }, &[x, index])
}

/// Zeros of `size` positions in dimension `dim` with the rows added where an index, known to be right, says.
pub(crate) fn index_add_checked(rows: &Tensor, dim: usize, size: usize, index: &Tensor) -> Tensor {
    apply(IndexAdd { dim, size }, &[rows, index])
}

impl Tensor {
    /// The rows of dimension `dim` that `index` names, in its order, as a copy:
    /// [`torch.index_select`](https://pytorch.org/docs/stable/generated/torch.index_select.html).
    ///
    /// # Shape
    /// `index`: 0-d or 1-d. The result has the tensor's shape but for dimension `dim`, which has a position for each
    /// element of `index`.
    ///
    /// # Panics
    /// If `index` has more dimensions, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4], [5, 6]]);
    /// assert_eq!(x.index_select(0, &Tensor::new([2, 0, 2])).to_vec::<i64>(), [5, 6, 1, 2, 5, 6]);
    /// ```
    #[track_caller]
    pub fn index_select(&self, dim: isize, index: &Tensor) -> Tensor {
        let (dim, index) = index_select_rule(self, dim, index, "index_select").or_raise();
        match self.dim() {
            0 => index_select_checked(&self.reshape([1]), 0, &index).reshape(self.size()),
            _ => index_select_checked(self, dim, &index),
        }
    }

    /// The tensor with row `i` of `source` added to its row `index[i]` of dimension `dim`, for every `i`:
    /// [`torch.index_add`](https://pytorch.org/docs/stable/generated/torch.index_add.html).
    ///
    /// # Shape
    /// `source` has the tensor's shape but for dimension `dim`, which has a position for each element of `index`.
    ///
    /// # Panics
    /// If the shapes or types do not fit, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 2]);
    /// let sum = x.index_add(0, &Tensor::new([1, 1]), &Tensor::new([[1.0, 2.0], [3.0, 4.0]]));
    /// assert_eq!(sum.to_vec::<f32>(), [0.0, 0.0, 4.0, 6.0]);
    /// ```
    #[track_caller]
    pub fn index_add(&self, dim: isize, index: &Tensor, source: &Tensor) -> Tensor {
        if self.dim() == 0 {
            // As one row of one element.
            return self.reshape([1]).index_add(dim, index, &source.reshape([-1])).reshape(self.size());
        }
        let (dim, index) = index_add_rule(self, dim, index, source).or_raise();
        if self.dtype() == DType::Bool {
            // Truth values add up to whether one of them is true.
            let [this, source] = [self, source].map(|truths| truths.to(DType::I64));
            return this.index_add(dim as isize, &index, &source).to(DType::Bool);
        }
        self.add(&index_add_checked(source, dim, self.shape()[dim], &index))
    }
}

fn index_select_rule(x: &Tensor, dim: isize, index: &Tensor, name: &str) -> Result<(usize, Tensor), ShapeError> {
    let dim = x.shape().dim(dim, name)?;
    // A 0-d tensor can be asked for its one element only.
    if index.dim() > 1 || (x.dim() == 0 && index.numel() != 1) {
        let (picked, shape) = (index.shape(), x.shape());
        return Err(ShapeError::new(name, format!("an index of shape {picked} cannot pick rows of shape {shape}"))
            .help("give a list of positions, or use gather to pick one by one"));
    }
    Ok((dim, index_rule(index, x.shape().get(dim).copied().unwrap_or(1), name)?))
}

fn index_add_rule(x: &Tensor, dim: isize, index: &Tensor, source: &Tensor) -> Result<(usize, Tensor), ShapeError> {
    let (dim, index) = index_select_rule(x, dim, index, "index_add")?;
    let mut wanted = x.size();
    if let Some(size) = wanted.as_mut().get_mut(dim) {
        *size = index.numel();
    }
    if x.dim() == 0 || source.shape() != &wanted || source.dtype() != x.dtype() {
        let (given, has, want) = (source.shape(), source.dtype(), x.dtype());
        return Err(ShapeError::new(
            "index_add",
            format!("a {has} source of shape {given} does not fit: {want} of shape {wanted} is needed"),
        )
        .help("give a row for each index, of the tensor's own type"));
    }
    Ok((dim, index))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let index = Tensor::new([2, 0, 0]);
        check(|x| x[0].index_select(1, &index) * x[1], &[&variable([2, 4, 2]), &variable([2, 3, 1])]);
        check(|x| x[0].index_add(-1, &index, x[1]), &[&variable([2, 3]), &variable([2, 3])]);
    }

    #[test]
    fn a_0d_tensor_is_one_row() {
        assert_eq!(Tensor::new(1.0).index_add(0, &Tensor::new([0, 0]), &Tensor::new([2.0, 3.0])).item(), 6.0);
    }

    #[test]
    fn truth_values_add_up_to_whether_one_is_true() {
        let (x, source) = (Tensor::new([true, false, false]), Tensor::new([false, true, true]));
        let sum = x.index_add(0, &Tensor::new([0, 2, 2]), &source);
        assert_eq!(sum.to_vec::<bool>(), [true, false, true]);
    }

    #[test]
    #[should_panic(expected = "index_select: index 5 is out of range for a dimension of size 3")]
    fn out_of_range() {
        Tensor::zeros([2, 3]).index_select(1, &Tensor::new([5]));
    }
}
