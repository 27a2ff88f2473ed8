//! A task's images of a pixel, a vector at a time.

use std::ops::Range;

use pulp::Simd;

use crate::lanes::Lanes;
use crate::shared::SharedSlice;

/// Some of a batch's images.
pub(super) struct Images {
    pub batch: usize,
    pub range: Range<usize>,
}

impl Images {
    /// Vectors that hold all of them.
    #[inline(always)]
    pub fn vectors(&self, lanes: usize) -> usize {
        self.range.len().div_ceil(lanes)
    }

    /// Where a vector of a pixel lies.
    #[inline(always)]
    fn place(&self, pixel: usize, vector: usize, lanes: usize) -> (usize, usize) {
        let first = self.range.start + vector * lanes;
        (pixel * self.batch + first, lanes.min(self.range.end - first))
    }
}

/// A vector of images of a pixel; the last one is filled up with zeros.
#[inline(always)]
pub(super) fn load<T: Lanes, S: Simd>(
    simd: S,
    values: &[T],
    pixel: usize,
    images: &Images,
    vector: usize,
) -> T::Vector<S> {
    let (start, len) = images.place(pixel, vector, T::lanes::<S>());
    let values = &values[start..][..len];
    match T::as_vectors::<S>(values) {
        ([whole, ..], _) => *whole,
        (_, rest) => T::load_part(simd, rest),
    }
}

/// Writes a vector of images of a pixel.
///
/// # Safety
/// Nobody else may use these images of the pixel at the same time.
#[inline(always)]
pub(super) unsafe fn store<T: Lanes, S: Simd>(
    simd: S,
    values: &SharedSlice<'_, T>,
    pixel: usize,
    images: &Images,
    vector: usize,
    value: T::Vector<S>,
) {
    let (start, len) = images.place(pixel, vector, T::lanes::<S>());
    // SAFETY: the caller's promise.
    let values = unsafe { values.part(start, len) };
    match T::as_vectors_mut::<S>(values) {
        ([whole, ..], _) => *whole = value,
        (_, rest) => T::store_part(simd, rest, value),
    }
}
