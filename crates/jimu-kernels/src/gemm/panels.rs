//! A tile of floats as products of panels of a with all of b, which is read where it lies.
//!
//! ```text
//! k        cut into parts of at most DEPTH_BYTES, whose products are added in order: a panel stays in the nearer caches
//! m        cut into panels of up to `widest` vectors of rows; the last is an edge if its rows do not fill their vectors
//! a panel  [`lies_well`]: read in place; otherwise copied to [k][panel], transposed if a's columns are fast
//! an edge  copied, with zeros up to whole vectors; its sums go through a buffer
//! product  [`Product`]: the panel's vectors times b's elements, which are broadcast
//! ```
//! Reading b in place costs nothing with broadcasts, and a panel is copied once for all columns of b: so this is as fast as
//! packing both for large products, and faster for those of a few dozen rows that small networks are made of.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::tile::Tile;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, copy_short};
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::transpose::transpose;

/// Bytes of a part of a row of a.
const DEPTH_BYTES: usize = 2048;
/// Columns of a further apart than this meet in few sets of a cache, and each in a page of its own.
const FAR_BYTES: usize = 2048;
/// Sums of fewer terms end before what is asked for arrives.
const LONG: usize = 32;
/// Fewer columns of b than this do not pay for a copy of a.
const LEAST_COLUMNS: usize = 16;

/// A tile's product, c's rows being neighbours.
pub(super) struct Panels<'a, T> {
    pub tile: &'a Tile<'a, T>,
    /// Its elements are this call's alone: see [`GemmElement::product`](super::GemmElement::product).
    pub c: *mut T,
    /// Distance of c's columns.
    pub c_column: usize,
    /// What its sums start from; a row has a value for each of the tile's rows.
    pub start: Start<'a, T>,
}

impl<T: Lanes> WithSimd for Panels<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (lanes, shape) = (T::lanes::<S>(), self.tile.shape);
        let most = widest(S::REGISTER_COUNT) * lanes;
        let parts = (shape.k * size_of::<T>()).div_ceil(DEPTH_BYTES).max(1);
        let mut copy = Buffer::unspecified(shape.k.div_ceil(parts) * most);
        for part in 0..parts {
            let depth = balanced(shape.k, parts, part);
            let mut row = 0;
            while row < shape.m {
                let rows = most.min(shape.m - row);
                self.panel(simd, row..row + rows, depth.clone(), &mut copy);
                row += rows;
            }
        }
    }
}

impl<T: Lanes> Panels<'_, T> {
    #[inline(always)]
    fn panel<S: Simd>(&self, simd: S, rows: Range<usize>, depth: Range<usize>, copy: &mut [T]) {
        let (row_step, column_step) = self.tile.a_strides;
        let lanes = T::lanes::<S>();
        let width = rows.len().next_multiple_of(lanes);
        let a = self.tile.a.get(rows.start * row_step + depth.start * column_step..).unwrap_or(&[]);
        if width > rows.len() {
            self.copy(simd, copy, a, rows.len(), width, depth.len());
            self.edge(simd, copy, width, rows, depth);
        } else if lies_well(self.tile) {
            self.multiply(simd, a, column_step, rows, depth);
        } else {
            self.copy(simd, copy, a, rows.len(), width, depth.len());
            self.multiply(simd, copy, width, rows, depth);
        }
    }

    /// Copies the first `rows` rows and `depth` columns of a to `[depth][width]`, zeros after the last row.
    #[inline(always)]
    fn copy<S: Simd>(&self, simd: S, to: &mut [T], a: &[T], rows: usize, width: usize, depth: usize) {
        let (row_step, column_step) = self.tile.a_strides;
        if row_step == 1 {
            for (p, to) in to.chunks_exact_mut(width).take(depth).enumerate() {
                copy_short(simd, to, &a[p * column_step..][..rows]);
            }
            return;
        }
        let to = &mut to[..depth * width];
        if column_step == 1 {
            transpose(to, width, (a, row_step), rows, depth);
        } else {
            for (p, to) in to.chunks_exact_mut(width).enumerate() {
                to.iter_mut().take(rows).enumerate().for_each(|(i, to)| *to = a[i * row_step + p * column_step]);
            }
        }
        to.chunks_exact_mut(width).for_each(|to| to[rows..].fill(T::ZERO));
    }

    /// Whole vectors of rows, straight into c.
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, a: &[T], a_step: usize, rows: Range<usize>, depth: Range<usize>) {
        let reach = (self.tile.shape.n - 1) * self.c_column + rows.len();
        // SAFETY: from the first of these rows to their last column, whose elements are this call's alone.
        let c = unsafe { SharedSlice::from_raw(self.c.wrapping_add(rows.start), reach) };
        let start = if depth.start > 0 { Start::Sums } else { self.start.of_rows(rows.clone()) };
        self.product(simd, a, a_step, (c, self.c_column), rows.len(), depth, start);
    }

    /// Rows that do not fill the vectors of `width`.
    #[inline(always)]
    fn edge<S: Simd>(&self, simd: S, a: &[T], width: usize, rows: Range<usize>, depth: Range<usize>) {
        let mut sums = Buffer::<T>::unspecified(self.tile.shape.n * width);
        let column = |j: usize| {
            let start = self.c.wrapping_add(j * self.c_column + rows.start);
            // SAFETY: these rows of one column, which are this call's alone.
            unsafe { std::slice::from_raw_parts_mut(start, rows.len()) }
        };
        let mut start = if depth.start > 0 { Start::Sums } else { self.start.of_rows(rows.clone()) };
        match start {
            Start::Zero => {}
            Start::Sums => {
                sums.chunks_exact_mut(width).enumerate().for_each(|(j, sums)| copy_short(simd, sums, column(j)));
            }
            Start::Row(row) => {
                sums.chunks_exact_mut(width).for_each(|sums| copy_short(simd, sums, row));
                start = Start::Sums;
            }
        }
        self.product(simd, a, width, (SharedSlice::new(&mut sums), width), width, depth, start);
        for (j, sums) in sums.chunks_exact(width).enumerate() {
            column(j).copy_from_slice(&sums[..rows.len()]);
        }
    }

    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "a product's")]
    fn product<S: Simd>(
        &self,
        simd: S,
        a: &[T],
        a_step: usize,
        (c, c_row): (SharedSlice<'_, T>, usize),
        width: usize,
        depth: Range<usize>,
        start: Start<'_, T>,
    ) {
        let (b_row, b_column) = self.tile.b_strides;
        let product = Product {
            a: self.tile.b.get(depth.start * b_row..).unwrap_or(&[]),
            a_row: b_column,
            a_step: b_row,
            segments: if depth.is_empty() { &[] } else { &[0] },
            depth: depth.len(),
            b: a,
            b_step: a_step,
            c,
            c_row,
            rows: self.tile.shape.n,
            vectors: width / T::lanes::<S>(),
            start,
            ahead: (depth.len() >= LONG).then_some(&[]),
        };
        product.with_simd(simd);
    }
}

/// A panel of a can be read where it is: its rows are neighbours, and its columns not far from each other, or not often read.
fn lies_well<T>(tile: &Tile<'_, T>) -> bool {
    let (row, column) = tile.a_strides;
    row == 1 && (column * size_of::<T>() <= FAR_BYTES || tile.shape.n < LEAST_COLUMNS)
}
