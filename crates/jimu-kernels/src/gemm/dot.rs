//! A tile of floats with few columns as dot products, where k is the fast dimension of both operands: nothing is copied
//! but what is left of k after the last whole vector.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::GemmShape;
use super::tile::Tile;
use crate::buffer::Buffer;
use crate::dots::Dots;
use crate::lanes::{Lanes, copy_short};

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

/// A part of k, of whole vectors.
struct Part<'a, T> {
    a: &'a [T],
    a_row: usize,
    b: &'a [T],
    b_column: usize,
    vectors: usize,
}

impl<T: Lanes> WithSimd for Dot<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (tile, lanes) = (self.tile, T::lanes::<S>());
        let GemmShape { m, n, k } = tile.shape;
        let (a_row, b_column) = (tile.a_strides.0, tile.b_strides.1);
        let left = k / lanes * lanes..k;
        let (a_left, b_left) =
            (copy_ends(simd, tile.a, a_row, m, left.clone()), copy_ends(simd, tile.b, b_column, n, left));
        let parts = [
            Part { a: tile.a, a_row, b: tile.b, b_column, vectors: k / lanes },
            Part { a: &a_left, a_row: lanes, b: &b_left, b_column: lanes, vectors: a_left.len() / (m * lanes) },
        ];
        let mut sums = Buffer::unspecified(m.min(ROWS) * n * lanes);
        for first in (0..m).step_by(ROWS) {
            let rows = first..m.min(first + ROWS);
            let sums = &mut sums[..rows.len() * n * lanes];
            for (index, part) in parts.iter().enumerate() {
                part.add(simd, rows.clone(), n, index == 0, sums);
            }
            self.finish(simd, rows, sums);
        }
    }
}

/// Copies the numbers `left` of each of `count` rows, `step` apart, to a vector with zeros after them; nothing if none is left.
#[inline(always)]
fn copy_ends<T: Lanes, S: Simd>(simd: S, from: &[T], step: usize, count: usize, left: Range<usize>) -> Buffer<T> {
    let lanes = T::lanes::<S>();
    let mut copy = Buffer::unspecified(if left.is_empty() { 0 } else { count * lanes });
    for (i, to) in copy.chunks_exact_mut(lanes).enumerate() {
        copy_short(simd, to, &from[i * step..][left.clone()]);
    }
    copy
}

impl<T: Lanes> Part<'_, T> {
    /// Adds the products of some rows of a with the `n` columns of b; the first ones are `fresh`.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, rows: Range<usize>, n: usize, fresh: bool, sums: &mut [T]) {
        let mut starts = [0; MOST_COLUMNS];
        starts[..n].iter_mut().enumerate().for_each(|(j, start)| *start = j * self.b_column);
        let dots = Dots {
            y: self.a,
            x: self.b,
            rows,
            y_stride: self.a_row,
            y_step: 1,
            x_starts: &starts[..n],
            runs: &[[0, 0]],
            run_len: self.vectors,
            fresh,
            sums,
        };
        dots.run(simd);
    }
}

impl<T: Lanes> Dot<'_, T> {
    /// Writes some rows of c, each the lanes of a vector for each column.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, rows: Range<usize>, sums: &[T]) {
        let n = self.tile.shape.n;
        for (index, &sum) in T::as_vectors::<S>(sums).0.iter().enumerate() {
            let (row, column) = (rows.start + index / n, index % n);
            let element = self.c.wrapping_add(row * self.c_strides.0 + column * self.c_strides.1);
            let sum = T::sum_lanes(simd, sum);
            // SAFETY: an element of c, which belongs to this call alone.
            unsafe { *element = if self.accumulate { *element + sum } else { sum } };
        }
    }
}
