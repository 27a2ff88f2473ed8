//! `gather` and `take_along_dim`.

use jimu_kernels::buffer::Buffer;

use super::index_put::counted_from_the_front;
use super::scatter_add::scatter_add_to_zeros;
use super::{Lanes, index_rule, trim};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Shape, Tensor, broadcast_shapes};

/// Inputs: the tensor and the index, whose sizes agree outside `dim`.
struct Gather {
    dim: usize,
    input: Shape,
}

impl Operation for Gather {
    const NAME: &'static str = "gather";

    fn saves(&self) -> Saves {
        Saves::These(0b10)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), inputs[1].shape()))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[0].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| inputs[1].with_contiguous::<i64, _>(|index| {
                to.for_each_block(&mut out, |block, out: &mut [<T as Element>::Stored]| {
                    let source = &source[block * from.block()..][..from.block()];
                    let index = &index[block * to.block()..][..to.block()];
                    for (row, (out, index)) in out.iter_mut().zip(index).enumerate() {
                        *out = source[*index as usize * from.inner + row % from.inner];
                    }
                });
            }));
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = || scatter_add_to_zeros(&self.input, self.dim, &context.input(1), grad);
        [context.needs(0).then(gradient), None].into_iter().collect()
    }
}

/// `gather` with an index that is known to be right.
pub(crate) fn gather_checked(x: &Tensor, dim: usize, index: &Tensor) -> Tensor {
    let x = trim(x, index.shape(), dim);
    apply(Gather { dim, input: x.size() }, &[&x, index])
}

impl Tensor {
    /// Elements picked by position along dimension `dim`:
    /// [`torch.gather`](https://pytorch.org/docs/stable/generated/torch.gather.html). In two dimensions with `dim` 1,
    /// `out[i, j] = x[i, index[i, j]]`.
    ///
    /// # Shape
    /// `index` has as many dimensions as the tensor and, outside `dim`, is no larger; the result has the shape of `index`.
    ///
    /// # Panics
    /// If the shapes do not fit, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let labels = Tensor::new([[2], [0]]);
    /// assert_eq!(x.gather(1, &labels).to_vec::<f32>(), [3.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn gather(&self, dim: isize, index: &Tensor) -> Tensor {
        let (dim, index) = gather_rule(self, dim, index).or_raise();
        match index.numel() {
            // Nothing is picked, whatever the shapes.
            0 => self.reshape([-1]).narrow(0, 0, 0).reshape(index.size()),
            _ => gather_checked(self, dim, &index),
        }
    }

    /// As [`gather`](Self::gather), the other dimensions broadcast:
    /// [`torch.take_along_dim`](https://pytorch.org/docs/stable/generated/torch.take_along_dim.html). It undoes an
    /// [`argsort`](Self::argsort) or an [`argmax_dim`](Self::argmax_dim).
    ///
    /// # Args
    /// - `indices`: positions along `dim`; negative ones count from the end.
    /// - `dim`: a dimension, or `None` for the flattened tensor and indices.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast outside `dim`, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 5.0], [7.0, 3.0]]);
    /// let best = x.argmax_dim(1, true);
    /// assert_eq!(x.take_along_dim(&best, 1).to_vec::<f32>(), [5.0, 7.0]);
    /// assert_eq!(x.take_along_dim(&Tensor::new([3]), None).to_vec::<f32>(), [3.0]);
    /// ```
    #[track_caller]
    pub fn take_along_dim(&self, indices: &Tensor, dim: impl Into<Option<isize>>) -> Tensor {
        let Some(dim) = dim.into() else {
            return self.reshape([-1]).take_along_dim(&indices.reshape([-1]), 0);
        };
        let (dim, own, picked) = take_along_rule(self, indices, dim).or_raise();
        let indices = index_rule(&counted_from_the_front(indices, own[dim]), own[dim], "take_along_dim").or_raise();
        gather_checked(&self.expand(&own), dim, &indices.expand(&picked))
    }
}

fn gather_rule(x: &Tensor, dim: isize, index: &Tensor) -> Result<(usize, Tensor), ShapeError> {
    let (shape, wanted) = (x.shape(), index.shape());
    let dim = shape.dim(dim, "gather")?;
    // A 0-d tensor counts as one of a single element.
    let fits = x.dim().max(1) == index.dim().max(1)
        && (x.dim() == 0
            || index.dim() == 0
            || (0..x.dim()).all(|other| other == dim || wanted[other] <= shape[other]));
    if !fits && index.numel() > 0 {
        return Err(ShapeError::new(
            "gather",
            format!("an index of shape {wanted} does not fit a tensor of shape {shape} outside dimension {dim}"),
        )
        .help("give the index as many dimensions, none but the gathered one larger (take_along_dim broadcasts)"));
    }
    Ok((dim, index_rule(index, shape.get(dim).copied().unwrap_or(1), "gather")?))
}

/// The dimension, and both shapes broadcast outside it.
fn take_along_rule(x: &Tensor, indices: &Tensor, dim: isize) -> Result<(usize, Shape, Shape), ShapeError> {
    let (shape, wanted) = (x.shape(), indices.shape());
    if x.dim() != indices.dim() || x.dim() == 0 {
        return Err(ShapeError::new(
            "take_along_dim",
            format!("indices of shape {wanted} and a tensor of shape {shape} differ in their number of dimensions"),
        )
        .help("unsqueeze the indices, or give None for the flattened tensor"));
    }
    let dim = shape.dim(dim, "take_along_dim")?;
    let (mut own, mut picked) = (shape.clone(), wanted.clone());
    (own.as_mut()[dim], picked.as_mut()[dim]) = (1, 1);
    let common = broadcast_shapes(&own, &picked, "take_along_dim")?;
    (own, picked) = (common.clone(), common);
    (own.as_mut()[dim], picked.as_mut()[dim]) = (shape[dim], wanted[dim]);
    Ok((dim, own, picked))
}

#[cfg(test)]
mod tests {
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let index = Tensor::new([[2, 0, 0, 1], [1, 1, 2, 0]]);
        check(|x| x[0].gather(1, &index) * x[1], &[&variable([3, 3]), &variable([2, 4])]);
        check(|x| x[0].t().gather(0, &index.t()), &[&variable([2, 3])]);
        check(|x| x[0].take_along_dim(&Tensor::new([[1], [0]]), 1), &[&variable([1, 3])]);
    }

    #[test]
    fn a_0d_tensor_is_one_element() {
        assert_eq!(Tensor::new(7).gather(0, &Tensor::new(0)).item(), 7.0);
        assert_eq!(Tensor::new(7).gather(0, &Tensor::new([0, 0])).to_vec::<i64>(), [7, 7]);
    }

    #[test]
    fn every_kind_of_index() {
        let x = Tensor::new([10, 20, 30]);
        assert_eq!(x.gather(0, &Tensor::new([2u8, 0])).to_vec::<i64>(), [30, 10]);
        assert_eq!(x.take_along_dim(&Tensor::new([-1, 0]), 0).to_vec::<i64>(), [30, 10]);
        assert_eq!(x.gather(0, &Tensor::zeros_of([2, 0], DType::I64)).size(), [2, 0]);
    }

    #[test]
    #[should_panic(expected = "gather: index 3 is out of range for a dimension of size 3")]
    fn out_of_range() {
        Tensor::zeros([2, 3]).gather(1, &Tensor::new([[0], [3]]));
    }

    #[test]
    #[should_panic(expected = "an index of shape [3, 1] does not fit a tensor of shape [2, 3] outside dimension 1")]
    fn refusal() {
        Tensor::zeros([2, 3]).gather(1, &Tensor::new([[0], [1], [2]]));
    }
}
