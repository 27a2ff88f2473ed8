//! `index_copy` and `index_fill`: rows replaced by position.

use super::index_rule;
use crate::error::{OrRaise, ShapeError};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::{Shape, Tensor};

/// A truth value for each position of dimension `dim`, in a shape that broadcasts to that of `x`.
fn along(x: &Tensor, dim: usize, truths: Vec<bool>) -> Tensor {
    let sizes: Shape = (0..x.dim()).map(|other| if other == dim { truths.len() } else { 1 }).collect();
    Tensor::from_vec(truths, sizes)
}

/// The dimension, and the positions as a list.
fn positions(x: &Tensor, dim: isize, index: &Tensor, name: &str) -> Result<(usize, Vec<i64>), ShapeError> {
    let dim = x.shape().dim(dim, name)?;
    if index.dim() > 1 {
        let picked = index.shape();
        return Err(ShapeError::new(name, format!("an index of shape {picked} is no list of positions"))
            .help("give a 1-d index"));
    }
    let index = index_rule(index, x.shape().get(dim).copied().unwrap_or(1), name)?;
    Ok((dim, index.to_vec::<i64>()))
}

fn source_rule(x: &Tensor, dim: usize, count: usize, source: &Tensor) -> Result<(), ShapeError> {
    let mut wanted = x.size();
    if let Some(size) = wanted.as_mut().get_mut(dim) {
        *size = count;
    }
    match *source.shape() == wanted && source.dtype() == x.dtype() {
        true => Ok(()),
        false => {
            let (given, has, want) = (source.shape(), source.dtype(), x.dtype());
            Err(ShapeError::new(
                "index_copy",
                format!("a {has} source of shape {given} does not fit: {want} of shape {wanted} is needed"),
            )
            .help("give a row for each index, of the tensor's own type"))
        }
    }
}

impl Tensor {
    /// The tensor with its rows `index[i]` of dimension `dim` replaced by the rows `i` of `source`:
    /// [`x.index_copy`](https://pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html). Of several rows for
    /// one place the last stays.
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
    /// let x = Tensor::zeros([3, 2]).index_copy(0, &Tensor::new([2, 0]), &Tensor::new([[1.0, 2.0], [3.0, 4.0]]));
    /// assert_eq!(x.to_vec::<f32>(), [3.0, 4.0, 0.0, 0.0, 1.0, 2.0]);
    /// ```
    #[track_caller]
    pub fn index_copy(&self, dim: isize, index: &Tensor, source: &Tensor) -> Tensor {
        let (dim, positions) = positions(self, dim, index, "index_copy").or_raise();
        let (x, source) = match self.dim() {
            0 => (self.reshape([1]), source.reshape([-1])),
            _ => (self.clone(), source.clone()),
        };
        source_rule(&x, dim, positions.len(), &source).or_raise();
        if positions.is_empty() {
            return self.clone();
        }
        let mut rows: Vec<Option<i64>> = vec![None; x.shape()[dim]];
        positions.iter().zip(0..).for_each(|(&position, row)| rows[position as usize] = Some(row));
        let replaced = along(&x, dim, rows.iter().map(Option::is_some).collect());
        let from = Tensor::from(rows.into_iter().map(|row| row.unwrap_or(0)).collect::<Vec<_>>());
        replaced.where_(&source.index_select(dim as isize, &from), &x).reshape(self.size())
    }

    /// The tensor with `value` in all elements of the rows `index` of dimension `dim`:
    /// [`x.index_fill`](https://pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html). The type stays.
    ///
    /// # Args
    /// - `value`: a number, or a 0-d tensor, to which gradients flow.
    ///
    /// # Panics
    /// If a position is out of range, or the value is not 0-d.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 3]).index_fill(1, &Tensor::new([0, 2]), 5);
    /// assert_eq!(x.to_vec::<f32>(), [5.0, 0.0, 5.0, 5.0, 0.0, 5.0]);
    /// ```
    #[track_caller]
    pub fn index_fill<'a>(&self, dim: isize, index: &Tensor, value: impl Into<TensorOrScalar<'a>>) -> Tensor {
        let (dim, positions) = positions(self, dim, index, "index_fill").or_raise();
        let mut filled = vec![false; self.shape().get(dim).copied().unwrap_or(1)];
        positions.iter().for_each(|&position| filled[position as usize] = true);
        let mask = match self.dim() {
            0 => Tensor::from_vec(filled, Shape::default()),
            _ => along(self, dim, filled),
        };
        self.masked_fill(&mask, value)
    }
}

#[cfg(test)]
mod tests {
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let index = Tensor::new([2, 0]);
        check(|x| x[0].index_copy(1, &index, x[1]) * x[0], &[&variable([2, 3]), &variable([2, 2])]);
        check(|x| x[0].index_fill(-1, &index, x[1]) * x[0], &[&variable([2, 3]), &variable([])]);
    }

    #[test]
    fn the_last_of_several_stays_and_the_others_get_no_gradient() {
        let (x, source) = (Tensor::zeros([2]), Tensor::new([1.0, 2.0, 3.0]).requires_grad_());
        let y = x.index_copy(0, &Tensor::new([1, 0, 1]), &source);
        assert_eq!(y.to_vec::<f32>(), [2.0, 3.0]);
        y.sum().backward();
        assert_eq!(source.grad().unwrap().to_vec::<f32>(), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn none_at_all_and_one_alone() {
        let none = Tensor::zeros_of([0], DType::I64);
        assert_eq!(Tensor::ones([2]).index_copy(0, &none, &Tensor::zeros([0])).to_vec::<f32>(), [1.0, 1.0]);
        assert_eq!(Tensor::new(1.0).index_copy(0, &Tensor::new([0]), &Tensor::new([4.0])).item(), 4.0);
        assert_eq!(Tensor::new(1.0).index_fill(0, &Tensor::new([0]), 4).item(), 4.0);
    }

    #[test]
    #[should_panic(expected = "index_copy: a float32 source of shape [3] does not fit: float32 of shape [1] is needed")]
    fn refusal() {
        Tensor::zeros([2]).index_copy(0, &Tensor::new([1]), &Tensor::zeros([3]));
    }
}
