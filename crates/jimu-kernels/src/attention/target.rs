//! Where results go.

use smallvec::SmallVec;

use crate::shared::SharedSlice;

/// Rows that several tasks write, in any order of the dimensions but the last, which is the fastest.
pub struct Target<'a, T> {
    data: SharedSlice<'a, T>,
    offset: usize,
    shape: SmallVec<[usize; 6]>,
    strides: SmallVec<[usize; 6]>,
}

impl<'a, T> Target<'a, T> {
    /// The elements of `data` at these positions.
    ///
    /// # Panics
    /// If there are fewer than two dimensions, the last has gaps, two elements could share a place, or one lies beyond `data`.
    pub fn new(data: &'a mut [T], offset: usize, shape: &[usize], strides: &[usize]) -> Self {
        assert!(shape.len() >= 2 && shape.len() == strides.len(), "attention: a target of {shape:?} with {strides:?}");
        let fastest = shape.len() - 1;
        assert!(shape[fastest] <= 1 || strides[fastest] == 1, "attention: the last dimension of a target has gaps");
        if !shape.contains(&0) {
            let mut by_stride: SmallVec<[(usize, usize); 6]> =
                strides.iter().copied().zip(shape.iter().copied()).filter(|&(_, size)| size > 1).collect();
            by_stride.sort_unstable();
            let mut extent = 1;
            for (stride, size) in by_stride {
                assert!(stride >= extent, "attention: elements of a target of {shape:?} with {strides:?} overlap");
                extent += stride * (size - 1);
            }
            assert!(offset + extent <= data.len(), "attention: a target of {shape:?} reaches beyond its memory");
        }
        Self { data: SharedSlice::new(data), offset, shape: shape.into(), strides: strides.into() }
    }

    /// The parts at each position of the first dimension, which do not share an element.
    ///
    /// # Panics
    /// If there are `N` parts no more than two dimensions, or another number of them.
    pub fn unbind<const N: usize>(self) -> [Self; N] {
        assert!(self.shape.len() > 2 && self.shape[0] == N, "attention: {N} parts of a target of {:?}", self.shape);
        let len = self.data.len();
        // SAFETY: nothing else of the slice is in use: `self` has it alone.
        let start = unsafe { self.data.part(0, len) }.as_mut_ptr();
        std::array::from_fn(|index| Self {
            // SAFETY: the slice is borrowed for 'a; each part is used at its own positions alone, which no other part has,
            // as `new` has made sure.
            data: unsafe { SharedSlice::from_raw(start, len) },
            offset: self.offset + index * self.strides[0],
            shape: self.shape[1..].into(),
            strides: self.strides[1..].into(),
        })
    }

    pub(super) fn check(&self, heads: &[usize], rows: usize, width: usize) {
        let expected: SmallVec<[usize; 6]> = heads.iter().copied().chain([rows, width]).collect();
        assert_eq!(self.shape, expected, "attention: the shape of a target");
    }

    /// A row of a head.
    ///
    /// # Safety
    /// It must not be in use already.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn row(&self, heads: &[usize], head: usize, row: usize) -> &mut [T] {
        let rank = self.shape.len();
        if self.shape[rank - 1] == 0 {
            return &mut [];
        }
        let start = self.offset + position(heads, &self.strides, head) + row * self.strides[rank - 2];
        // SAFETY: no other row has these elements, as `new` has made sure.
        unsafe { self.data.part(start, self.shape[rank - 1]) }
    }
}

/// How far the `index`-th of the heads lies from the first.
#[inline(always)]
pub(super) fn position(heads: &[usize], strides: &[usize], mut index: usize) -> usize {
    let mut offset = 0;
    for (&size, &stride) in heads.iter().zip(strides).rev() {
        offset += index % size * stride;
        index /= size;
    }
    offset
}
