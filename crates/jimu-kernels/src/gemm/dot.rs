//! A tile of floats with few columns as dot products, where k is the fast dimension of both operands: nothing is copied.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::GemmShape;
use super::tile::Tile;
use crate::buffer::Buffer;
use crate::dots::Dots;
use crate::lanes::Lanes;

/// With more columns than this, copying a costs less than summing lanes.
const MOST_COLUMNS: usize = 16;
/// Fewest terms worth summing the lanes of.
const LEAST_DEPTH: usize = 32;
/// Rows whose sums' vectors fit the nearest cache.
const ROWS: usize = 16;

/// A tile's product.
pub(super) struct Dot<'a, T> {
    pub tile: &'a Tile<'a, T>,
    /// Its elements are this call's alone: see [`GemmElement::product`](super::GemmElement::product).
    pub c: *mut T,
    pub c_strides: (usize, usize),
    pub accumulate: bool,
}

/// Few columns, and k the fast dimension of both operands, and long enough.
pub(super) fn suits(shape: GemmShape, k_fast: bool) -> bool {
    k_fast && shape.n <= MOST_COLUMNS && shape.k >= LEAST_DEPTH
}

impl<T: Lanes> WithSimd for Dot<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (tile, lanes) = (self.tile, T::lanes::<S>());
        let GemmShape { m, n, k } = tile.shape;
        let (a_row, b_column) = (tile.a_strides.0, tile.b_strides.1);
        let mut starts = [0; MOST_COLUMNS];
        starts[..n].iter_mut().enumerate().for_each(|(j, start)| *start = j * b_column);
        let mut sums = Buffer::unspecified(m.min(ROWS) * n * lanes);
        for first in (0..m).step_by(ROWS) {
            let rows = first..m.min(first + ROWS);
            let sums = &mut sums[..rows.len() * n * lanes];
            let dots = Dots {
                y: tile.a,
                x: tile.b,
                rows: rows.clone(),
                y_stride: a_row,
                y_step: 1,
                x_starts: &starts[..n],
                runs: &[[0, 0]],
                run_len: k / lanes,
                fresh: true,
                sums,
            };
            dots.run(simd);
            if !k.is_multiple_of(lanes) {
                self.add_ends(simd, rows.clone(), k / lanes * lanes..k, sums);
            }
            self.finish(simd, rows, sums);
        }
    }
}

impl<T: Lanes> Dot<'_, T> {
    /// Adds the products of the last terms, fewer than a vector.
    #[inline(always)]
    fn add_ends<S: Simd>(&self, simd: S, rows: Range<usize>, left: Range<usize>, sums: &mut [T]) {
        let (tile, n) = (self.tile, self.tile.shape.n);
        let mut ends = [T::splat(simd, T::ZERO); MOST_COLUMNS];
        for (j, end) in ends[..n].iter_mut().enumerate() {
            *end = T::load_part(simd, &tile.b[j * tile.b_strides.1..][left.clone()]);
        }
        for (row, sums) in rows.zip(T::as_vectors_mut::<S>(sums).0.chunks_exact_mut(n)) {
            let a = T::load_part(simd, &tile.a[row * tile.a_strides.0..][left.clone()]);
            for (sum, &b) in sums.iter_mut().zip(&ends) {
                *sum = T::mul_add(simd, a, b, *sum);
            }
        }
    }

    /// Writes some rows of c, each the lanes of a vector for each column.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, rows: Range<usize>, sums: &[T]) {
        let (row_step, column_step) = self.c_strides;
        for (row, sums) in rows.zip(T::as_vectors::<S>(sums).0.chunks_exact(self.tile.shape.n)) {
            for (column, &sum) in sums.iter().enumerate() {
                let element = self.c.wrapping_add(row * row_step + column * column_step);
                let sum = T::sum_lanes(simd, sum);
                // SAFETY: an element of c, which belongs to this call alone.
                unsafe { *element = if self.accumulate { *element + sum } else { sum } };
            }
        }
    }
}
