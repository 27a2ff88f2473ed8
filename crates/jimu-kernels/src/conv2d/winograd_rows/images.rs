//! A task's images of a pixel, or of neighbouring pixels of a row, a vector at a time.

use std::ops::Range;

use pulp::Simd;

use super::rule::{Line, MAX_POINTS};
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

    /// The first image of a vector, and how many it has.
    #[inline(always)]
    fn of(&self, vector: usize, lanes: usize) -> (usize, usize) {
        let first = self.range.start + vector * lanes;
        (first, lanes.min(self.range.end - first))
    }
}

/// A row of pixels, of which lines are read.
pub(super) struct Row<'a, T> {
    /// `[pixel][image]`.
    values: &'a [T],
    width: usize,
    batch: usize,
}

impl<'a, T: Lanes> Row<'a, T> {
    /// The row of that number, of `width` pixels.
    #[inline(always)]
    pub fn new(values: &'a [T], index: usize, width: usize, batch: usize) -> Self {
        Self { values: &values[index * width * batch..][..width * batch], width, batch }
    }

    /// A row of padding.
    pub const PADDING: Self = Self { values: &[], width: 0, batch: 0 };

    /// `count` pixels from `column` on, of a vector of images; zeros where there is no pixel, or no image.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn line<S: Simd>(
        &self,
        simd: S,
        column: isize,
        count: usize,
        images: &Images,
        vector: usize,
    ) -> Line<T::Vector<S>> {
        let (first, len) = images.of(vector, T::lanes::<S>());
        let mut line = [T::splat(simd, T::ZERO); MAX_POINTS];
        let inside = column >= 0 && column as usize + count <= self.width;
        if inside && len == T::lanes::<S>() && first + len <= self.batch {
            let from = self.values.as_ptr().wrapping_add(column as usize * self.batch + first);
            for i in 0..count {
                // SAFETY: the pixels are the row's and the images the batch's, and the row has `width * batch` numbers.
                line[i] = unsafe { from.wrapping_add(i * self.batch).cast::<T::Vector<S>>().read_unaligned() };
            }
        } else {
            for i in 0..count {
                let column = column + i as isize;
                if column >= 0 && (column as usize) < self.width {
                    line[i] = T::load_part(simd, &self.values[column as usize * self.batch + first..][..len]);
                }
            }
        }
        line
    }
}

/// Writes neighbouring pixels of a vector of images.
///
/// # Safety
/// Nobody else may use these images of the pixels at the same time.
#[inline(always)]
pub(super) unsafe fn store_line<T: Lanes, S: Simd>(
    simd: S,
    values: &SharedSlice<'_, T>,
    pixel: usize,
    images: &Images,
    vector: usize,
    line: &[T::Vector<S>],
) {
    let (first, len) = images.of(vector, T::lanes::<S>());
    let start = pixel * images.batch + first;
    if len == T::lanes::<S>() {
        assert!(start + (line.len() - 1) * images.batch + len <= values.len());
        for (i, &value) in line.iter().enumerate() {
            let to = values.start().wrapping_add(start + i * images.batch);
            // SAFETY: no place is behind the last, which is inside (asserted), and by the caller's promise.
            unsafe { to.cast::<T::Vector<S>>().write_unaligned(value) };
        }
    } else {
        for (i, &value) in line.iter().enumerate() {
            // SAFETY: the caller's promise.
            T::store_part(simd, unsafe { values.part(start + i * images.batch, len) }, value);
        }
    }
}

/// Writes a line's first `count` vectors to places `step` apart.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
pub(super) fn scatter<V: Copy>(line: &Line<V>, count: usize, to: &mut [V], start: usize, step: usize) {
    assert!(start + (count - 1) * step < to.len());
    for i in 0..count {
        // SAFETY: no place is behind the last, which is inside (asserted).
        unsafe { *to.as_mut_ptr().add(start + i * step) = line[i] };
    }
}

/// A line whose first `count` vectors come from places `step` apart; the others repeat the first.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
pub(super) fn gather<V: Copy>(from: &[V], start: usize, step: usize, count: usize) -> Line<V> {
    assert!(start + (count - 1) * step < from.len());
    let mut line = [from[start]; MAX_POINTS];
    for i in 1..count {
        // SAFETY: no place is behind the last, which is inside (asserted).
        line[i] = unsafe { *from.as_ptr().add(start + i * step) };
    }
    line
}
