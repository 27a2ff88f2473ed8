//! A slice that several tasks write different parts of.

use std::marker::PhantomData;

/// A mutable slice whose parts tasks of [`crate::threads::parallel_for`] may write when no two parts overlap. It exists
/// for outputs whose parts interleave in memory, which `chunks_mut` cannot cut.
pub(crate) struct SharedSlice<'a, T> {
    start: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: the only access is `part`, whose callers promise that parts in use at the same time do not overlap.
unsafe impl<T: Send> Sync for SharedSlice<'_, T> {}

impl<'a, T> SharedSlice<'a, T> {
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), borrow: PhantomData }
    }

    /// The `len` elements from `start` on.
    ///
    /// # Safety
    /// The elements of every part that will be asked for must be valid for reads and writes, and during `'a` nobody else may
    /// touch them. The others may be anybody's.
    pub unsafe fn from_raw(start: *mut T, len: usize) -> Self {
        Self { start, len, borrow: PhantomData }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Where the first element lies; to what is written there applies what [`part`](Self::part) says.
    pub fn start(&self) -> *mut T {
        self.start
    }

    /// The same elements but the first `start`: no access by itself, which [`part`](Self::part) gives.
    #[inline(always)]
    pub fn rest(&self, start: usize) -> Self {
        assert!(start <= self.len);
        Self { start: self.start.wrapping_add(start), len: self.len - start, borrow: PhantomData }
    }

    /// The `len` elements from `start` on.
    ///
    /// # Safety
    /// No other part in use at the same time may overlap this one.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, start: usize, len: usize) -> &mut [T] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: the part lies inside the slice (checked above), which is borrowed or promised, and the caller rules out
        // overlap.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }
}
