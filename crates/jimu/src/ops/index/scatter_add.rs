//! `scatter_add`: what undoes a [`gather`](super::gather).

use jimu_kernels::buffer::Buffer;

use super::gather::gather_checked;
use super::{Lanes, index_rule, trim};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, Element, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::Number;
use crate::tensor::{Layout, Shape, Tensor};

/// Zeros of `shape` to which the elements of the source are added at the positions of the index, which has its shape and
/// agrees with `shape` outside `dim`. Inputs: the source and the index.
struct ScatterAdd {
    dim: usize,
    shape: Shape,
}

impl Operation for ScatterAdd {
    const NAME: &'static str = "scatter_add";

    fn saves(&self) -> Saves {
        Saves::These(0b10)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), &self.shape))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[1].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        dispatch_number!(spec.dtype, T => {
            let mut out = Buffer::zeroed(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| inputs[1].with_contiguous::<i64, _>(|index| {
                to.for_each_block(&mut out, |block, out: &mut [<T as Element>::Stored]| {
                    let source = &source[block * from.block()..][..from.block()];
                    let index = &index[block * from.block()..][..from.block()];
                    for (row, (source, index)) in source.iter().zip(index).enumerate() {
                        let target = &mut out[*index as usize * to.inner + row % to.inner];
                        *target = target.plus(*source);
                    }
                });
            }));
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = || gather_checked(grad, self.dim, &context.input(1));
        [context.needs(0).then(gradient), None].into_iter().collect()
    }
}

/// The source scattered into zeros of `shape`, with an index that is known to be right.
pub(crate) fn scatter_add_to_zeros(shape: &Shape, dim: usize, index: &Tensor, source: &Tensor) -> Tensor {
    apply(ScatterAdd { dim, shape: shape.clone() }, &[source, index])
}

impl Tensor {
    /// The tensor with the elements of `source` added at the positions `index` of dimension `dim`:
    /// [`torch.scatter_add`](https://pytorch.org/docs/stable/generated/torch.scatter_add.html). In two dimensions with
    /// `dim` 0, `out[index[i, j], j] += source[i, j]`. What falls on one place is added in order.
    ///
    /// # Shape
    /// All have the same number of dimensions. `index` is nowhere larger than `source` and, outside `dim`, nowhere larger
    /// than the tensor; the result has the shape of the tensor.
    ///
    /// # Panics
    /// If the shapes or types do not fit, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let words = Tensor::new([0, 2, 0, 1, 0]);
    /// let counts = Tensor::zeros([3]).scatter_add(0, &words, &Tensor::ones([5]));
    /// assert_eq!(counts.to_vec::<f32>(), [3.0, 1.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn scatter_add(&self, dim: isize, index: &Tensor, source: &Tensor) -> Tensor {
        let (dim, index) = scatter_rule(self, dim, index, source, "scatter_add").or_raise();
        if index.numel() == 0 {
            return self.clone();
        }
        if self.dtype() == DType::Bool {
            // A sum of truth values is whether any is true.
            let sum = self.to(DType::I64).scatter_add(dim as isize, &index, &source.to(DType::I64));
            return sum.to(DType::Bool);
        }
        let (x, index) = (self.reshape(at_least_1d(self)), index.reshape(at_least_1d(&index)));
        let source = source.reshape(at_least_1d(source));
        let source = trim(&source, index.shape(), dim).narrow(dim as isize, 0, index.shape()[dim]);
        let mut reached = x.size();
        (0..x.dim()).filter(|&other| other != dim).for_each(|other| reached.as_mut()[other] = index.shape()[other]);
        let mut added = scatter_add_to_zeros(&reached, dim, &index, &source);
        for other in 0..x.dim() {
            added = grown(&added, other, x.shape()[other]);
        }
        x.add(&added).reshape(self.size())
    }
}

pub(super) fn at_least_1d(x: &Tensor) -> Shape {
    if x.dim() == 0 { [1].into() } else { x.size() }
}

/// `x` with zeros behind it in dimension `dim`, up to `size`.
fn grown(x: &Tensor, dim: usize, size: usize) -> Tensor {
    if x.shape()[dim] == size {
        return x.clone();
    }
    let mut rest = x.size();
    rest.as_mut()[dim] = size - x.shape()[dim];
    Tensor::cat(&[x, &Tensor::zeros_of(rest, x.dtype())], dim as isize)
}

pub(super) fn scatter_rule(
    x: &Tensor,
    dim: isize,
    index: &Tensor,
    source: &Tensor,
    name: &str,
) -> Result<(usize, Tensor), ShapeError> {
    let (shape, picked, given) = (x.shape(), index.shape(), source.shape());
    let dim = shape.dim(dim, name)?;
    if x.dtype() != source.dtype() {
        let (own, other) = (x.dtype(), source.dtype());
        return Err(ShapeError::new(name, format!("{other} elements do not go with {own} ones"))
            .help("convert both to one type"));
    }
    let rank = shape.len().max(1);
    let fits = picked.len().max(1) == rank
        && given.len().max(1) == rank
        && picked.iter().zip(given.iter()).all(|(index, source)| index <= source)
        && (0..picked.len().min(shape.len())).all(|other| other == dim || picked[other] <= shape[other]);
    if !fits && index.numel() > 0 {
        return Err(ShapeError::new(
            name,
            format!("an index of shape {picked} does not fit a source of shape {given} and a tensor of shape {shape}"),
        )
        .help("the index must be nowhere larger than the source nor, outside the dimension, than the tensor"));
    }
    Ok((dim, index_rule(index, shape.get(dim).copied().unwrap_or(1), name)?))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let index = Tensor::new([[2, 0, 0], [1, 1, 2]]);
        check(|x| x[0].scatter_add(1, &index, x[1]), &[&variable([2, 3]), &variable([2, 3])]);
        check(|x| x[0].scatter_add(0, &index, x[1]), &[&variable([3, 4]), &variable([3, 5])]);
    }

    #[test]
    fn a_small_index_leaves_the_rest_alone() {
        let x = Tensor::ones([3, 2]);
        let sum = x.scatter_add(0, &Tensor::new([[2], [2]]), &Tensor::new([[1.0, 9.0], [2.0, 9.0]]));
        assert_eq!(sum.to_vec::<f32>(), [1.0, 1.0, 1.0, 1.0, 4.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "scatter_add: index -1 is out of range for a dimension of size 2")]
    fn out_of_range() {
        Tensor::zeros([2]).scatter_add(0, &Tensor::new([-1]), &Tensor::zeros([1]));
    }
}
