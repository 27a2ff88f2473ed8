//! Indexing with tensors of positions: `x[i, j]` and `x[i, j] = value`.

use super::index_rule;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::{Shape, Tensor, broadcast_shapes};

/// What a list of indices names: positions in the flattened first dimensions, and the shape that they have.
struct Picked {
    /// The size of the first dimensions flattened.
    size: usize,
    positions: Tensor,
    shape: Shape,
    /// The sizes of the dimensions that no index names.
    rest: Shape,
}

impl Picked {
    fn new(x: &Tensor, indices: &[&Tensor], name: &str) -> Result<Self, ShapeError> {
        let mut whole: Vec<Tensor> = Vec::with_capacity(indices.len());
        for index in indices {
            match index.dtype() {
                DType::Bool => whole.extend(from_mask(x, index, whole.len(), name)?),
                _ => whole.push((*index).clone()),
            }
        }
        if whole.len() > x.dim() {
            let shape = x.shape();
            return Err(ShapeError::new(name, format!("{} indices are too many for shape {shape}", whole.len()))
                .help("give at most one index for each dimension"));
        }
        let start = whole.first().map_or_else(Shape::default, Tensor::size);
        let shape = whole.iter().try_fold(start, |shape, index| broadcast_shapes(&shape, index.shape(), name))?;
        let (front, rest) = x.shape().split_at(whole.len());
        let mut positions = Tensor::zeros_of(&shape, DType::I64);
        for (index, &size) in whole.iter().zip(front) {
            let index = index_rule(&counted_from_the_front(index, size), size, name)?;
            positions = positions * size as i64 + index;
        }
        Ok(Self { size: front.iter().product(), positions: positions.reshape([-1]), shape, rest: rest.into() })
    }

    /// `x` with its first dimensions as one.
    fn rows_of(&self, x: &Tensor) -> Tensor {
        x.reshape(self.with_rest(&[self.size]))
    }

    fn with_rest(&self, front: &[usize]) -> Shape {
        front.iter().chain(self.rest.iter()).copied().collect()
    }
}

/// The positions where `mask`, which lies over the dimensions of `x` from number `dim` on, is true: an index for each.
fn from_mask(x: &Tensor, mask: &Tensor, dim: usize, name: &str) -> Result<Vec<Tensor>, ShapeError> {
    mask.readable(name)?;
    match x.shape().get(dim..dim + mask.dim()) {
        Some(sizes) if *sizes == **mask.shape() => Ok(mask.nonzero().unbind(1)),
        _ => {
            let (given, shape) = (mask.shape(), x.shape());
            Err(ShapeError::new(name, format!("a mask of shape {given} does not lie over shape {shape}"))
                .help("a mask has the sizes of the dimensions that it picks from"))
        }
    }
}

/// `index` with `size` added to those that count from the end.
pub(super) fn counted_from_the_front(index: &Tensor, size: usize) -> Tensor {
    match index.is_meta() || index.dtype() != DType::I64 {
        true => index.clone(),
        false => index.lt(0).where_(&(index + size as i64), index),
    }
}

fn value_rule(value: &Tensor, wanted: &Shape) -> Result<(), ShapeError> {
    match broadcast_shapes(value.shape(), wanted, "index_put")? == *wanted {
        true => Ok(()),
        false => {
            let given = value.shape();
            Err(ShapeError::new("index_put", format!("values of shape {given} do not fit the shape {wanted}"))
                .help("give values of the shape that the indices pick, or that broadcast to it"))
        }
    }
}

impl Tensor {
    /// The elements at the positions that the `indices` name, as a copy: Python's `x[i, j]` is `x.index_get(&[&i, &j])`.
    ///
    /// # Args
    /// - `indices`: tensors of whole numbers, one for each of the first dimensions, which broadcast to one shape and may
    ///   count from the end; or masks of truth values, which pick where they are true.
    ///
    /// # Shape
    /// That of the indices, then the dimensions that no index names.
    ///
    /// # Panics
    /// If the shapes do not fit, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.index_get(&[&Tensor::new([0, 1]), &Tensor::new([2, -1])]).to_vec::<f32>(), [3.0, 6.0]);
    /// assert_eq!(x.index_get(&[&Tensor::new([1, 1, 0])]).size(), [3, 3]);
    /// assert_eq!(x.index_get(&[&x.gt(4.0)]).to_vec::<f32>(), [5.0, 6.0]);
    /// ```
    #[track_caller]
    pub fn index_get(&self, indices: &[&Tensor]) -> Tensor {
        let picked = Picked::new(self, indices, "index_get").or_raise();
        picked.rows_of(self).index_select(0, &picked.positions).reshape(picked.with_rest(&picked.shape))
    }

    /// A copy in which the elements that the `indices` name are replaced: Python's `x[i, j] = values` as a function,
    /// [`x.index_put`](https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html). Gradients flow to the
    /// elements that stay and to the values.
    ///
    /// # Args
    /// - `indices`: as in [`index_get`](Self::index_get).
    /// - `values`: a number, or a tensor that is broadcast to what the indices pick.
    /// - `accumulate`: whether the values are added to the elements. Otherwise, of several values for one place the last
    ///   stays.
    ///
    /// # Panics
    /// If the shapes do not fit, or a position is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 2]);
    /// let (rows, columns) = (Tensor::new([0, 1, 0]), Tensor::new([1, 0, 1]));
    /// let y = x.index_put(&[&rows, &columns], &Tensor::new([1.0, 2.0, 3.0]), false);
    /// assert_eq!(y.to_vec::<f32>(), [0.0, 3.0, 2.0, 0.0]);
    /// assert_eq!(x.index_put(&[&rows, &columns], 1, true).to_vec::<f32>(), [0.0, 2.0, 1.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn index_put<'a>(
        &self,
        indices: &[&Tensor],
        values: impl Into<TensorOrScalar<'a>>,
        accumulate: bool,
    ) -> Tensor {
        let picked = Picked::new(self, indices, "index_put").or_raise();
        let (values, wanted) = (values.into().beside(self.dtype()).to(self.dtype()), picked.with_rest(&picked.shape));
        value_rule(&values, &wanted).or_raise();
        let count = picked.positions.numel();
        let (x, values) = (picked.rows_of(self), values.expand(&wanted).reshape(picked.with_rest(&[count])));
        let changed = match accumulate {
            true => x.index_add(0, &picked.positions, &values),
            false => x.index_copy(0, &picked.positions, &values),
        };
        changed.reshape(self.size())
    }

    /// The elements at the positions `index` of the flattened tensor, in the shape of `index`:
    /// [`torch.take`](https://pytorch.org/docs/stable/generated/torch.take.html).
    ///
    /// # Panics
    /// If a position is out of range; those that count from the end are in range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.take(&Tensor::new([3, 0, -2])).to_vec::<f32>(), [4.0, 1.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn take(&self, index: &Tensor) -> Tensor {
        self.reshape([-1]).index_get(&[index])
    }

    /// The elements where `mask` is true, in order, as a vector:
    /// [`torch.masked_select`](https://pytorch.org/docs/stable/generated/torch.masked_select.html).
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// one dimension.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or the mask does not hold truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, -2.0, 3.0]);
    /// assert_eq!(x.masked_select(&x.gt(0.0)).to_vec::<f32>(), [1.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn masked_select(&self, mask: &Tensor) -> Tensor {
        let shape = mask_rule(self, mask).or_raise();
        self.expand(&shape).reshape([-1]).index_get(&[&mask.expand(&shape).reshape([-1])])
    }
}

fn mask_rule(x: &Tensor, mask: &Tensor) -> Result<Shape, ShapeError> {
    match mask.dtype() {
        DType::Bool => broadcast_shapes(x.shape(), mask.shape(), "masked_select"),
        other => Err(ShapeError::new("masked_select", format!("the mask is {other}, not bool"))
            .help("compare, as in x.ne(0), or convert with x.to(DType::Bool)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (rows, columns) = (Tensor::new([[0], [1]]), Tensor::new([2, 0, -1]));
        check(|x| x[0].index_get(&[&rows, &columns]) * x[1], &[&variable([2, 3, 2]), &variable([2])]);
        check(|x| x[0].index_put(&[&columns], x[1], true) * x[0], &[&variable([3, 2]), &variable([3, 1])]);
        check(|x| x[0].index_put(&[&rows, &columns], x[1], false), &[&variable([2, 3]), &variable([3])]);
        check(|x| x[0].take(&columns), &[&variable([2, 2])]);
        let mask = Tensor::new([[true, false, true], [false, false, true]]);
        check(|x| x[0].masked_select(&mask) * x[1], &[&variable([3]), &variable([1])]);
    }

    #[test]
    fn masks_and_positions_stand_side_by_side() {
        let x = Tensor::arange(0, 6).reshape([2, 3]);
        let picked = x.index_get(&[&Tensor::new([1, 1]), &Tensor::new([true, false, true])]);
        assert_eq!(picked.to_vec::<i64>(), [3, 5]);
        assert_eq!(x.index_put(&[&x.gt(3)], 0, false).to_vec::<i64>(), [0, 1, 2, 3, 0, 0]);
        assert_eq!(x.masked_select(&Tensor::new(true)).numel(), 6);
    }

    #[test]
    fn nothing_named_is_everything_and_an_empty_index_is_nothing() {
        let x = Tensor::arange(0, 6).reshape([2, 3]);
        assert_eq!(x.index_get(&[]).to_vec::<i64>(), x.to_vec::<i64>());
        assert_eq!(x.index_get(&[&Tensor::arange(0, 0)]).size(), [0, 3]);
    }

    #[test]
    #[should_panic(expected = "index_get: index 3 is out of range for a dimension of size 3")]
    fn out_of_range() {
        Tensor::zeros([2, 3]).index_get(&[&Tensor::new([0]), &Tensor::new([3])]);
    }

    #[test]
    #[should_panic(expected = "a mask of shape [3] does not lie over shape [2, 3]")]
    fn masks_must_fit() {
        Tensor::zeros([2, 3]).index_get(&[&Tensor::new([true, false, true])]);
    }
}
