//! Sizes, and the arguments that name sizes and dimensions.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::error::ShapeError;

/// A small list that a tensor of up to six dimensions keeps without a heap allocation.
pub(crate) type Small<T> = SmallVec<[T; 6]>;

/// The size of a tensor in each dimension.
///
/// ```
/// use jimu::Tensor;
/// let x = Tensor::zeros([128, 20]);
/// assert_eq!(x.size(), [128, 20]);
/// assert_eq!(x.size()[1], 20);
/// assert_eq!(x.size().to_string(), "[128, 20]");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(Small<usize>);

impl Shape {
    /// The number of elements: the product of the sizes (1 for a 0-d tensor).
    pub fn numel(&self) -> usize {
        self.0.iter().product()
    }

    /// The strides of a tensor of this shape whose elements lie in order, the last dimension fastest.
    pub(crate) fn contiguous_strides(&self) -> Small<usize> {
        let mut strides: Small<usize> = SmallVec::from_elem(1, self.len());
        for dim in (0..self.len().saturating_sub(1)).rev() {
            strides[dim] = strides[dim + 1] * self[dim + 1].max(1);
        }
        strides
    }

    pub(crate) fn as_mut(&mut self) -> &mut Small<usize> {
        &mut self.0
    }

    /// Where `dim`, which may count from the end, lies; `operation` is named in the refusal.
    pub(crate) fn dim(&self, dim: isize, operation: &str) -> Result<usize, ShapeError> {
        // A 0-d tensor accepts 0 and -1, as in PyTorch.
        let rank = self.len().max(1) as isize;
        if (-rank..rank).contains(&dim) {
            return Ok(if dim < 0 { dim + rank } else { dim } as usize);
        }
        Err(ShapeError::new(operation, format!("dimension {dim} is out of range for a tensor of shape {self}"))
            .help(format!("choose a dimension from {} to {}", -rank, rank - 1)))
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Self {
        Self(SmallVec::from_slice(&sizes))
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Self {
        Self(SmallVec::from_slice(sizes))
    }
}

impl From<Vec<usize>> for Shape {
    fn from(sizes: Vec<usize>) -> Self {
        Self(SmallVec::from_vec(sizes))
    }
}

impl From<usize> for Shape {
    fn from(size: usize) -> Self {
        Self::from([size])
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(sizes: I) -> Self {
        Self(sizes.into_iter().collect())
    }
}

impl<const N: usize> PartialEq<[usize; N]> for Shape {
    fn eq(&self, other: &[usize; N]) -> bool {
        self.0.as_slice() == other
    }
}

impl PartialEq<[usize]> for Shape {
    fn eq(&self, other: &[usize]) -> bool {
        self.0.as_slice() == other
    }
}

/// A list of whole numbers that may be negative: dimensions counted from the end, or the `-1` of
/// [`reshape`](crate::Tensor::reshape). Made from one number, an array, a slice, a `Vec` or a [`Shape`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims(pub(crate) Small<isize>);

impl Dims {
    /// Each dimension counted from the start, as a mask over the dimensions of `shape`.
    ///
    /// No dimension at all means every dimension, as in PyTorch's reductions.
    pub(crate) fn mask(&self, shape: &Shape, operation: &str) -> Result<Small<bool>, ShapeError> {
        let mut mask: Small<bool> = SmallVec::from_elem(self.0.is_empty(), shape.len());
        for &dim in &self.0 {
            let position = shape.dim(dim, operation)?;
            if shape.is_empty() {
                continue;
            }
            if mask[position] {
                return Err(ShapeError::new(operation, format!("dimension {dim} is named twice")));
            }
            mask[position] = true;
        }
        Ok(mask)
    }
}

impl Deref for Dims {
    type Target = [isize];
    fn deref(&self) -> &[isize] {
        &self.0
    }
}

macro_rules! dims_from {
    ($($int:ty),*) => {$(
        impl From<$int> for Dims {
            fn from(dim: $int) -> Self {
                Self(SmallVec::from_slice(&[dim as isize]))
            }
        }
        impl<const N: usize> From<[$int; N]> for Dims {
            fn from(dims: [$int; N]) -> Self {
                Self(dims.iter().map(|&dim| dim as isize).collect())
            }
        }
        impl From<&[$int]> for Dims {
            fn from(dims: &[$int]) -> Self {
                Self(dims.iter().map(|&dim| dim as isize).collect())
            }
        }
        impl From<Vec<$int>> for Dims {
            fn from(dims: Vec<$int>) -> Self {
                Self(dims.iter().map(|&dim| dim as isize).collect())
            }
        }
    )*};
}
// `i32` is what an integer literal falls back to, so `reshape([-1, 400])` needs no suffix.
dims_from!(i32, isize, usize);

impl From<Shape> for Dims {
    fn from(shape: Shape) -> Self {
        Self::from(&*shape)
    }
}

impl From<&Shape> for Dims {
    fn from(shape: &Shape) -> Self {
        Self::from(&**shape)
    }
}

/// The shape that `a` and `b` are both expanded to, by
/// [PyTorch's rules](https://pytorch.org/docs/stable/notes/broadcasting.html): aligned at the last dimension, sizes
/// equal or one of them 1.
pub(crate) fn broadcast_shapes(a: &[usize], b: &[usize], operation: &str) -> Result<Shape, ShapeError> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], dim: usize| if dim + shape.len() < rank { 1 } else { shape[dim + shape.len() - rank] };
    (0..rank)
        .map(|dim| match (size(a, dim), size(b, dim)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            (x, y) => Err(ShapeError::new(
                operation,
                format!("the shapes {a:?} and {b:?} cannot be broadcast: dimension -{} is {x} and {y}", rank - dim),
            )
            .help("make the sizes equal, or one of them 1 (unsqueeze adds such a dimension)")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_aligns_at_the_end() {
        assert_eq!(broadcast_shapes(&[5, 1, 4], &[3, 1], "add").unwrap(), [5, 3, 4]);
        assert_eq!(broadcast_shapes(&[], &[2, 0], "add").unwrap(), [2, 0]);
        let message = broadcast_shapes(&[2, 3], &[4], "add").unwrap_err().to_string();
        assert!(message.contains("[2, 3] and [4]") && message.contains("dimension -1 is 3 and 4"), "{message}");
    }

    #[test]
    fn contiguous_strides_survive_empty_dimensions() {
        assert_eq!(Shape::from([2, 0, 3]).contiguous_strides().as_slice(), [3, 3, 1]);
        assert!(Shape::default().contiguous_strides().is_empty());
    }

    #[test]
    fn dimensions_count_from_both_ends() {
        let shape = Shape::from([2, 3]);
        assert_eq!(shape.dim(-1, "sum"), Ok(1));
        assert_eq!(Shape::default().dim(-1, "sum"), Ok(0));
        assert!(shape.dim(2, "sum").unwrap_err().to_string().contains("from -2 to 1"));
    }
}
