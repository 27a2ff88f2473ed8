//! Indexing with numbers, ranges and new dimensions, as `x[…]` does in Python.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// What stands at one place of `x[…]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// One position; the dimension goes.
    At(isize),
    /// `start:end:step`; `None` is an open end.
    Slice(Option<isize>, Option<isize>, usize),
    /// `...`: all the dimensions that the other places do not name.
    Ellipsis,
    /// `None`: a new dimension of size 1.
    NewAxis,
}

impl Index {
    /// `start:end:step`, as [`Index::Slice`] with both ends given.
    pub fn step(start: isize, end: isize, step: usize) -> Self {
        Self::Slice(Some(start), Some(end), step)
    }

    fn uses_dimension(self) -> bool {
        matches!(self, Self::At(_) | Self::Slice(..))
    }
}

macro_rules! index_from {
    ($($int:ty),*) => {$(
        impl From<$int> for Index {
            fn from(at: $int) -> Self {
                Self::At(at as isize)
            }
        }
        impl From<Range<$int>> for Index {
            fn from(range: Range<$int>) -> Self {
                Self::Slice(Some(range.start as isize), Some(range.end as isize), 1)
            }
        }
        impl From<RangeInclusive<$int>> for Index {
            fn from(range: RangeInclusive<$int>) -> Self {
                // Up to and including -1 is up to the end.
                let end = *range.end() as isize;
                Self::Slice(Some(*range.start() as isize), (end != -1).then_some(end + 1), 1)
            }
        }
        impl From<RangeFrom<$int>> for Index {
            fn from(range: RangeFrom<$int>) -> Self {
                Self::Slice(Some(range.start as isize), None, 1)
            }
        }
        impl From<RangeTo<$int>> for Index {
            fn from(range: RangeTo<$int>) -> Self {
                Self::Slice(None, Some(range.end as isize), 1)
            }
        }
        impl From<RangeToInclusive<$int>> for Index {
            fn from(range: RangeToInclusive<$int>) -> Self {
                Self::from(0..=range.end)
            }
        }
    )*};
}
index_from!(i32, isize, usize);

impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Self {
        Self::Slice(None, None, 1)
    }
}

/// What [`Tensor::index`] takes: one [`Index`], or a tuple or slice of them.
pub trait IntoIndices {
    /// The list.
    fn into_indices(self) -> Vec<Index>;
}

impl<I: Into<Index>> IntoIndices for I {
    fn into_indices(self) -> Vec<Index> {
        vec![self.into()]
    }
}

impl IntoIndices for &[Index] {
    fn into_indices(self) -> Vec<Index> {
        self.to_vec()
    }
}

macro_rules! indices_from_tuple {
    ($($name:ident)*) => {
        impl<$($name: Into<Index>),*> IntoIndices for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_indices(self) -> Vec<Index> {
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        }
    };
}
indices_from_tuple!(A);
indices_from_tuple!(A B);
indices_from_tuple!(A B C);
indices_from_tuple!(A B C D);
indices_from_tuple!(A B C D E);
indices_from_tuple!(A B C D E F);

impl Tensor {
    /// The elements at position `index` of dimension `dim`, without that dimension, as a view:
    /// [`x.select`](https://pytorch.org/docs/stable/generated/torch.select.html).
    ///
    /// # Panics
    /// If there is no such dimension or position.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.select(1, -1).to_vec::<i64>(), [2, 4]);
    /// ```
    #[track_caller]
    pub fn select(&self, dim: isize, index: isize) -> Tensor {
        let (place, position) = select_rule(self, dim, index).or_raise();
        let narrow = self.narrow(place as isize, position as isize, 1);
        let mut sizes = narrow.shape().to_vec();
        sizes.remove(place);
        narrow.reshape(sizes)
    }

    /// A view by positions, ranges and new dimensions, as Python's `x[…]`; nothing is copied.
    ///
    /// | Python | jimu |
    /// |---|---|
    /// | `x[0]` | `x.index(0)` |
    /// | `x[:, 1:3]` | `x.index((.., 1..3))` |
    /// | `x[..., -1]` | `x.index((Index::Ellipsis, -1))` |
    /// | `x[None]` | `x.index(Index::NewAxis)` |
    /// | `x[::2]` | `x.index(Index::Slice(None, None, 2))` |
    ///
    /// # Panics
    /// If there are more places than dimensions, or a position lies outside its dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::arange(0, 12).reshape([3, 4]);
    /// assert_eq!(x.index((.., 1..3)).size(), [3, 2]);
    /// assert_eq!(x.index((-1, 0)).item(), 8.0);
    /// ```
    #[track_caller]
    pub fn index(&self, indices: impl IntoIndices) -> Tensor {
        let indices = indices.into_indices();
        let rest = rest_rule(self, &indices).or_raise();
        let mut view = self.clone();
        let mut dim = 0;
        for index in indices {
            match index {
                Index::At(at) => view = view.select(dim, at),
                Index::Slice(None, None, 1) => dim += 1,
                Index::Slice(start, end, step) => {
                    view = view.slice(dim, start.unwrap_or(0), end.unwrap_or(isize::MAX), step);
                    dim += 1;
                }
                Index::Ellipsis => dim += rest as isize,
                Index::NewAxis => {
                    view = view.unsqueeze(dim);
                    dim += 1;
                }
            }
        }
        view
    }
}

fn select_rule(x: &Tensor, dim: isize, index: isize) -> Result<(usize, usize), ShapeError> {
    if x.dim() == 0 {
        return Err(ShapeError::new("select", "a 0-d tensor has no dimension to index").help("read it with item()"));
    }
    let place = x.shape().dim(dim, "select")?;
    let size = x.shape()[place] as isize;
    let position = if index < 0 { index + size } else { index };
    if !(0..size).contains(&position) {
        let shape = x.shape();
        return Err(ShapeError::new(
            "select",
            format!("index {index} is out of range for dimension {dim} of a tensor of shape {shape}"),
        )
        .help(format!("choose an index from {} to {}", -size, size - 1)));
    }
    Ok((place, position as usize))
}

/// How many dimensions an ellipsis stands for.
fn rest_rule(x: &Tensor, indices: &[Index]) -> Result<usize, ShapeError> {
    let used = indices.iter().filter(|index| index.uses_dimension()).count();
    let shape = x.shape();
    if indices.iter().filter(|&&index| index == Index::Ellipsis).count() > 1 {
        return Err(ShapeError::new("index", "there is more than one ellipsis").help("use one"));
    }
    x.dim().checked_sub(used).ok_or_else(|| {
        ShapeError::new("index", format!("{used} indices are too many for a tensor of shape {shape}"))
            .help(format!("give at most {}", x.dim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn python_s_brackets() {
        let x = Tensor::arange(0, 24).reshape([2, 3, 4]);
        assert_eq!(x.index((Index::Ellipsis, -1)).to_vec::<i64>(), [3, 7, 11, 15, 19, 23]);
        assert_eq!(x.index((1, .., Index::Slice(None, None, 3))).to_vec::<i64>(), [12, 15, 16, 19, 20, 23]);
        assert_eq!(x.index((Index::NewAxis, 0, Index::from(1..))).size(), [1, 2, 4]);
        assert_eq!(x.index((.., -2..)).size(), [2, 2, 4]);
    }

    #[test]
    fn derivative() {
        check(|x| x[0].index((1, 0..2)) * x[1], &[&variable([2, 3]), &variable([2])]);
    }

    #[test]
    #[should_panic(expected = "index 3 is out of range for dimension 0 of a tensor of shape [3, 4]")]
    fn refusal() {
        Tensor::zeros([3, 4]).index(3);
    }
}
