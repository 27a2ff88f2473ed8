//! `scatter`: elements replaced by position.

use jimu_kernels::buffer::Buffer;

use super::Lanes;
use super::scatter_add::{at_least_1d, scatter_rule};
use super::trim;
use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::{Layout, Shape, Tensor};

/// For each element of a tensor of `shape`, which element of the flattened index names it last; -1 where none does. The
/// index agrees with `shape` outside `dim`.
struct LastWriter {
    dim: usize,
    shape: Shape,
}

impl NoDerivative for LastWriter {
    const NAME: &'static str = "scatter_positions";

    fn spec(&self, _inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(DType::I64, &self.shape))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[0].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        let mut out = Buffer::unspecified(spec.shape.numel());
        out.fill(-1i64);
        inputs[0].with_contiguous::<i64, _>(|index| {
            to.for_each_block(&mut out, |block, out| {
                let start = block * from.block();
                for (place, &position) in index[start..][..from.block()].iter().enumerate() {
                    out[position as usize * to.inner + place % to.inner] = (start + place) as i64;
                }
            });
        });
        Tensor::from_buffer::<i64>(out, Layout::contiguous(spec.shape.clone()))
    }
}

impl Tensor {
    /// The tensor with its elements at the positions `index` of dimension `dim` replaced by those of `source`:
    /// [`torch.scatter`](https://pytorch.org/docs/stable/generated/torch.scatter.html). In two dimensions with `dim` 1,
    /// `out[i, index[i, j]] = source[i, j]`. Of several elements for one place the last stays. Gradients flow to the
    /// elements that stay and to the source.
    ///
    /// # Args
    /// - `source`: a tensor, or a number.
    ///
    /// # Shape
    /// As in [`scatter_add`](Self::scatter_add).
    ///
    /// # Panics
    /// If the shapes or types do not fit, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let labels = Tensor::new([[2], [0]]);
    /// assert_eq!(Tensor::zeros([2, 3]).scatter(1, &labels, 1.0).to_vec::<f32>(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn scatter<'a>(&self, dim: isize, index: &Tensor, source: impl Into<TensorOrScalar<'a>>) -> Tensor {
        let source = match source.into() {
            TensorOrScalar::Tensor(source) => source.clone(),
            number => number.beside(self.dtype()).to(self.dtype()).expand(index.size()),
        };
        let (dim, index) = scatter_rule(self, dim, index, &source, "scatter").or_raise();
        if index.numel() == 0 {
            return self.clone();
        }
        let (x, index) = (self.reshape(at_least_1d(self)), index.reshape(at_least_1d(&index)));
        let source = source.reshape(at_least_1d(&source));
        let source = trim(&source, index.shape(), dim).narrow(dim as isize, 0, index.shape()[dim]);
        // Only the part of the tensor that the index lies over can change.
        let reached = trim(&x, index.shape(), dim);
        let writers = apply_without_derivative(LastWriter { dim, shape: reached.size() }, &[&index]);
        let values = source.reshape([-1]).index_get(&[&writers.clamp_min(0)]);
        let changed = writers.ge(0).where_(&values, &reached);
        if changed.shape() == x.shape() {
            return changed.reshape(self.size());
        }
        let part: Vec<_> = changed.shape().iter().map(|&size| (0..size).into()).collect();
        x.slice_assign(&*part, &changed).reshape(self.size())
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let index = Tensor::new([[2, 0, 0], [1, 1, 2]]);
        check(|x| x[0].scatter(1, &index, x[1]) * x[0], &[&variable([2, 3]), &variable([2, 3])]);
        check(|x| x[0].scatter(0, &index, x[1]), &[&variable([3, 4]), &variable([3, 5])]);
        check(|x| x[0].t().scatter(-1, &index, 2.0), &[&variable([3, 2])]);
    }

    #[test]
    fn the_last_stays_and_a_small_index_leaves_the_rest_alone() {
        let source = Tensor::new([[5.0, 9.0], [6.0, 9.0]]);
        let y = Tensor::ones([3, 2]).scatter(0, &Tensor::new([[2], [2]]), &source);
        assert_eq!(y.to_vec::<f32>(), [1.0, 1.0, 1.0, 1.0, 6.0, 1.0]);
        assert_eq!(Tensor::new(1.0).scatter(0, &Tensor::new(0), 3).item(), 3.0);
        assert_eq!(Tensor::new([true, true]).scatter(0, &Tensor::new([1]), false).to_vec::<bool>(), [true, false]);
    }

    #[test]
    #[should_panic(expected = "scatter: index 2 is out of range for a dimension of size 2")]
    fn out_of_range() {
        Tensor::zeros([2]).scatter(0, &Tensor::new([2]), 1);
    }
}
