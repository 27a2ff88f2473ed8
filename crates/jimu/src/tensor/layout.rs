//! Where the elements of a tensor lie in its storage.

use super::shape::{Shape, Small};

/// Shape, strides and offset: element `[i, j, …]` lies at `offset + i·strides[0] + j·strides[1] + …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    pub(crate) strides: Small<usize>,
    pub(crate) offset: usize,
}

impl Layout {
    /// All elements in order, the last dimension fastest.
    pub(crate) fn contiguous(shape: Shape) -> Self {
        let strides = shape.contiguous_strides();
        Self { shape, strides, offset: 0 }
    }

    /// All elements in memory in the order of the dimensions `order`, the last of them fastest.
    pub(crate) fn in_order(shape: Shape, order: &[usize]) -> Self {
        let mut strides = shape.contiguous_strides();
        let mut step = 1;
        for &dim in order.iter().rev() {
            strides[dim] = step;
            step *= shape[dim].max(1);
        }
        Self { shape, strides, offset: 0 }
    }

    /// Whether the elements lie in order without gaps. Dimensions of size 1 have no say.
    pub(crate) fn is_contiguous(&self) -> bool {
        self.is_dense_in(0..self.shape.len())
    }

    /// Whether the elements lie without gaps with the dimensions in `order`, the last of them fastest.
    pub(crate) fn is_dense_in(&self, order: impl DoubleEndedIterator<Item = usize>) -> bool {
        let mut step = 1;
        for dim in order.rev() {
            if self.shape[dim] != 1 && self.strides[dim] != step {
                return self.shape.numel() == 0;
            }
            step *= self.shape[dim];
        }
        true
    }

    /// The dimensions from the slowest to the fastest in memory; equal strides keep their order.
    pub(crate) fn memory_order(&self) -> Small<usize> {
        let mut order: Small<usize> = (0..self.shape.len()).collect();
        if self.strides.is_sorted_by(|a, b| a >= b) {
            return order;
        }
        // A dimension of size 1 has no place of its own: it stays before the dimension that follows it.
        order.sort_by_key(|&dim| std::cmp::Reverse(self.effective_stride(dim)));
        order
    }

    fn effective_stride(&self, dim: usize) -> usize {
        match (dim..self.shape.len()).find(|&d| self.shape[d] != 1) {
            Some(next) => self.strides[next],
            None => 0,
        }
    }

    /// Whether every element of a gapless stretch of memory is an element of the tensor, exactly once.
    pub(crate) fn is_dense(&self) -> bool {
        self.is_dense_in(self.memory_order().into_iter())
    }

    /// One past the largest position in the storage that the tensor reaches.
    pub(crate) fn end(&self) -> usize {
        if self.shape.numel() == 0 {
            return self.offset;
        }
        let last: usize = self.shape.iter().zip(&self.strides).map(|(&size, &stride)| (size - 1) * stride).sum();
        self.offset + last + 1
    }

    /// The layout of `self` as a tensor of `shape`, if no element needs to move.
    pub(crate) fn reshaped(&self, shape: &Shape) -> Option<Self> {
        if self.shape.numel() == 0 || self.is_contiguous() {
            return Some(Self { offset: self.offset, ..Self::contiguous(shape.clone()) });
        }
        let mut strides = Small::from_elem(1, shape.len());
        let mut new = shape.len();
        let old: Small<(usize, usize)> =
            self.shape.iter().copied().zip(self.strides.iter().copied()).filter(|&(size, _)| size != 1).rev().collect();
        let mut next = 0;
        // From the end: each run of old dimensions that lie back to back in memory is cut into new dimensions.
        while next < old.len() {
            let (mut run, step) = old[next];
            next += 1;
            while next < old.len() && old[next].1 == step * run {
                run *= old[next].0;
                next += 1;
            }
            let mut covered = 1;
            while covered < run {
                if new == 0 || !run.is_multiple_of(covered * shape[new - 1]) {
                    return None;
                }
                new -= 1;
                strides[new] = step * covered;
                covered *= shape[new];
            }
        }
        // What is left has size 1.
        Some(Self { shape: shape.clone(), strides, offset: self.offset })
    }

    /// The layout expanded to `shape`: dimensions of size 1, and new ones in front, repeat with stride 0.
    /// The shape rule has seen that it fits.
    pub(crate) fn expanded(&self, shape: &Shape) -> Self {
        let lead = shape.len() - self.shape.len();
        let strides = (0..shape.len())
            .map(|dim| match dim.checked_sub(lead) {
                Some(own) if self.shape[own] == shape[dim] => self.strides[own],
                _ => 0,
            })
            .collect();
        Self { shape: shape.clone(), strides, offset: self.offset }
    }

    pub(crate) fn permuted(&self, order: &[usize]) -> Self {
        Self {
            shape: order.iter().map(|&dim| self.shape[dim]).collect(),
            strides: order.iter().map(|&dim| self.strides[dim]).collect(),
            offset: self.offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[usize], strides: &[usize]) -> Layout {
        Layout { shape: shape.into(), strides: Small::from_slice(strides), offset: 0 }
    }

    #[test]
    fn reshape_moves_nothing_where_the_runs_allow() {
        // Batch innermost [N, C, H, W] flattens to [N, C·H·W] without a copy.
        let batch_innermost = layout(&[8, 2, 3, 4], &[1, 96, 32, 8]);
        assert_eq!(batch_innermost.reshaped(&[8, 24].into()), Some(layout(&[8, 24], &[1, 8])));
        assert_eq!(batch_innermost.reshaped(&[16, 12].into()), None);
        let transposed = layout(&[3, 2], &[1, 3]);
        assert_eq!(transposed.reshaped(&[6].into()), None);
        assert_eq!(transposed.reshaped(&[3, 1, 2, 1].into()).unwrap().strides.as_slice()[0], 1);
        assert_eq!(layout(&[2, 6], &[12, 1]).reshaped(&[2, 2, 3].into()), Some(layout(&[2, 2, 3], &[12, 3, 1])));
    }

    #[test]
    fn density_and_order() {
        let batch_innermost = layout(&[8, 2, 3, 4], &[1, 96, 32, 8]);
        assert!(!batch_innermost.is_contiguous() && batch_innermost.is_dense());
        assert_eq!(batch_innermost.memory_order().as_slice(), [1, 2, 3, 0]);
        assert!(!layout(&[2, 6], &[12, 1]).is_dense());
        assert!(!layout(&[2, 6], &[0, 1]).is_dense());
        assert_eq!(layout(&[2, 6], &[12, 1]).end(), 18);
    }
}
