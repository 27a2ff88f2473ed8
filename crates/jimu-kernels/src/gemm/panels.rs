//! A tile of floats as products of panels of a with groups of b's columns.
//!
//! ```text
//! k        cut into parts of at most DEPTH_BYTES, whose products are added in order: a panel stays in the nearer caches
//! m        cut into panels of up to `widest` vectors of rows; the last is an edge if its rows do not fill their vectors
//! a panel  [`lies_well`]: read in place; otherwise copied once to [k][panel], transposed if a's columns are fast
//! an edge  copied, with zeros up to whole vectors; its sums go through a buffer
//! n        cut into groups of GROUP columns: every panel is multiplied by one group before the next group is read
//! a group  read in place, or copied to [k][GROUP] if [`is_far`] or [`is_scattered`]
//! product  [`Product`]: the panel's vectors times the group's elements, which are broadcast
//! ```
//! The panels of a part stay in the second cache, and each number of b comes from beyond it once: so copies of one operand do, but
//! where b's rows are far apart, and small networks' products of a few dozen rows need next to none. Where both sides of c are long,
//! copies of both do better still, if the processor has AVX-512 (`strips.rs`).

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::GemmShape;
use super::tile::Tile;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, copy_short};
use crate::prefetch::prefetch_row;
use crate::product::{Ahead, Product, Runs, Start, widest};
use crate::shared::SharedSlice;
use crate::transpose::transpose;

/// Bytes of a part of a row of a.
const DEPTH_BYTES: usize = 2048;
/// Columns of a further apart than this meet in few sets of a cache, and each in a page of its own.
const FAR_BYTES: usize = 2048;
/// Rows of b this far apart meet in one set of the nearest cache; a copy costs more than a panel's, as few rows of a share it.
const PAGE_BYTES: usize = 4096;
/// Sums of fewer terms end before what is asked for arrives.
const LONG: usize = 32;
/// Fewer columns of b than this do not pay for a copy of a.
const LEAST_COLUMNS: usize = 16;
/// Columns of b that the panels are multiplied by in turn: whole blocks of a [`Product`], and whole vectors.
const GROUP: usize = 96;
/// A product with fewer columns ends before much of what comes next has arrived.
const ENOUGH: usize = 48;
/// A row is asked for this many rows before it is copied: so many rows a page apart fit one set of the nearest cache.
const AHEAD: usize = 8;

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

/// How a tile is cut into panels and into parts of k.
struct Cut {
    shape: GemmShape,
    /// Rows of a whole panel.
    most: usize,
    panels: usize,
    /// So many panels are read in place, those after them from copies.
    in_place: usize,
    /// Groups of columns are read from a copy.
    packs_groups: bool,
    parts: usize,
}

impl Cut {
    fn new<S: Simd, T: Lanes>(tile: &Tile<'_, T>) -> Self {
        let (lanes, shape) = (T::lanes::<S>(), tile.shape);
        let most = widest(S::REGISTER_COUNT) * lanes;
        let panels = shape.m.div_ceil(most);
        let in_place = if lies_well(tile) { panels - usize::from(!shape.m.is_multiple_of(lanes)) } else { 0 };
        let parts = (shape.k * size_of::<T>()).div_ceil(DEPTH_BYTES).max(1);
        Self { shape, most, panels, in_place, packs_groups: is_far(tile) || is_scattered(tile), parts }
    }

    fn rows(&self, panel: usize) -> Range<usize> {
        panel * self.most..self.shape.m.min((panel + 1) * self.most)
    }

    fn depth(&self, part: usize) -> Range<usize> {
        balanced(self.shape.k, self.parts, part)
    }

    fn longest(&self) -> usize {
        self.shape.k.div_ceil(self.parts)
    }

    /// Numbers in a copy of a panel.
    fn copy_len(&self) -> usize {
        self.longest().max(1) * self.most
    }
}

/// A panel and a group of columns as a [`Product`] reads them.
struct Factors<'a, T> {
    panel: &'a [T],
    /// Distance of the panel's columns.
    step: usize,
    group: &'a [T],
    /// The group's strides.
    strides: (usize, usize),
    depth: usize,
    start: Start<'a, T>,
    ahead: Ahead<'a, T>,
}

impl<T: Lanes> WithSimd for Panels<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let cut = Cut::new::<S, T>(self.tile);
        let mut copies = Buffer::unspecified((cut.panels - cut.in_place) * cut.copy_len());
        let mut packed = Buffer::unspecified(if cut.packs_groups { cut.longest() * GROUP } else { 0 });
        for part in 0..cut.parts {
            for (copy, panel) in copies.chunks_exact_mut(cut.copy_len()).zip(cut.in_place..) {
                self.copy(simd, copy, cut.rows(panel), cut.depth(part));
            }
            for first in (0..cut.shape.n).step_by(GROUP) {
                let columns = first..cut.shape.n.min(first + GROUP);
                if cut.packs_groups {
                    self.pack(simd, &mut packed, columns.clone(), cut.depth(part));
                }
                self.group(simd, &cut, part, columns, &copies, &packed);
            }
        }
    }
}

impl<T: Lanes> Panels<'_, T> {
    /// Multiplies all panels by a group of columns, from their copies where they have any.
    #[inline(always)]
    fn group<S: Simd>(&self, simd: S, cut: &Cut, part: usize, columns: Range<usize>, copies: &[T], packed: &[T]) {
        let depth = cut.depth(part);
        let (group, strides) = if cut.packs_groups {
            (packed, (GROUP, 1))
        } else {
            (self.tile.b_from(depth.start, columns.start), self.tile.b_strides)
        };
        for panel in 0..cut.panels {
            let rows = cut.rows(panel);
            // Panels after the first find the group in the caches.
            let ahead = Ahead { rows: panel == 0, then: self.next(cut, panel, columns.clone(), depth.clone()) };
            let (panel, step) = match panel.checked_sub(cut.in_place) {
                Some(copy) => (&copies[copy * cut.copy_len()..], rows.len().next_multiple_of(T::lanes::<S>())),
                None => (self.tile.a_from(rows.start, depth.start), self.tile.a_strides.1),
            };
            let start = if part > 0 { Start::Sums } else { self.start.of_rows(rows.clone()) };
            let factors = Factors { panel, step, group, strides, depth: depth.len(), start, ahead };
            self.multiply(simd, factors, rows, columns.clone());
        }
    }

    /// What is read after a panel's product with a group: the next panel, if it is read in place for the first time, or a
    /// share of the next group, if its columns are neighbours; where they are not, the first panel's product asks for its rows.
    fn next(&self, cut: &Cut, panel: usize, columns: Range<usize>, depth: Range<usize>) -> Runs<'_, T> {
        let after = columns.end..cut.shape.n.min(columns.end + GROUP);
        if columns.len() < ENOUGH {
            Runs::NONE
        } else if columns.start == 0 && panel + 1 < cut.in_place {
            let rows = cut.rows(panel + 1);
            let from = self.tile.a_from(rows.start, depth.start);
            Runs::new(from, self.tile.a_strides.1, rows.len(), depth.len())
        } else if self.tile.b_strides.1 == 1 && !after.is_empty() {
            let share = balanced(depth.len(), cut.panels, panel);
            let from = self.tile.b_from(depth.start + share.start, after.start);
            Runs::new(from, self.tile.b_strides.0, after.len(), share.len())
        } else {
            Runs::NONE
        }
    }

    /// Copies some of b's columns to `[depth][GROUP]`.
    #[inline(always)]
    fn pack<S: Simd>(&self, simd: S, to: &mut [T], columns: Range<usize>, depth: Range<usize>) {
        let from = self.tile.b_from(depth.start, columns.start);
        let (row_step, column_step) = self.tile.b_strides;
        let width = columns.len().next_multiple_of(T::lanes::<S>());
        for (p, to) in to.chunks_exact_mut(GROUP).take(depth.len()).enumerate() {
            if column_step == 1 {
                prefetch_row(from.as_ptr().wrapping_add((p + AHEAD) * row_step), columns.len());
                copy_short(simd, &mut to[..width], &from[p * row_step..][..columns.len()]);
            } else {
                let to = to[..columns.len()].iter_mut().enumerate();
                to.for_each(|(j, to)| *to = from[p * row_step + j * column_step]);
            }
        }
    }

    /// Copies a panel to `[depth][its rows and zeros up to whole vectors]`.
    #[inline(always)]
    fn copy<S: Simd>(&self, simd: S, to: &mut [T], rows: Range<usize>, depth: Range<usize>) {
        let (row_step, column_step) = self.tile.a_strides;
        let (a, width) = (self.tile.a_from(rows.start, depth.start), rows.len().next_multiple_of(T::lanes::<S>()));
        if row_step == 1 {
            for (p, to) in to.chunks_exact_mut(width).take(depth.len()).enumerate() {
                prefetch_row(a.as_ptr().wrapping_add((p + AHEAD) * column_step), rows.len());
                copy_short(simd, to, &a[p * column_step..][..rows.len()]);
            }
            return;
        }
        let to = &mut to[..depth.len() * width];
        if column_step == 1 {
            transpose(to, width, (a, row_step), rows.len(), depth.len());
        } else {
            for (p, to) in to.chunks_exact_mut(width).enumerate() {
                to.iter_mut().take(rows.len()).enumerate().for_each(|(i, to)| *to = a[i * row_step + p * column_step]);
            }
        }
        to.chunks_exact_mut(width).for_each(|to| to[rows.len()..].fill(T::ZERO));
    }

    /// The sums of a panel's rows for a group of columns.
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, factors: Factors<'_, T>, rows: Range<usize>, columns: Range<usize>) {
        let c = self.c.wrapping_add(rows.start + columns.start * self.c_column);
        if !rows.len().is_multiple_of(T::lanes::<S>()) {
            return self.edge(simd, factors, c, rows.len(), columns.len());
        }
        let reach = (columns.len() - 1) * self.c_column + rows.len();
        // SAFETY: from the first of these rows in the first column to the last in the last; they are this call's alone.
        let c = unsafe { SharedSlice::from_raw(c, reach) };
        factors.product(simd, c, self.c_column, rows.len(), columns.len());
    }

    /// As [`multiply`](Self::multiply), for rows that do not fill their vectors.
    #[inline(always)]
    fn edge<S: Simd>(&self, simd: S, mut factors: Factors<'_, T>, c: *mut T, rows: usize, columns: usize) {
        let width = factors.step;
        let mut sums = Buffer::<T>::unspecified(columns * width);
        // SAFETY: these rows of one column, which are this call's alone.
        let column = |j: usize| unsafe { std::slice::from_raw_parts_mut(c.wrapping_add(j * self.c_column), rows) };
        match factors.start {
            Start::Zero => {}
            Start::Sums => {
                sums.chunks_exact_mut(width).enumerate().for_each(|(j, sums)| copy_short(simd, sums, column(j)));
            }
            Start::Row(row) => {
                sums.chunks_exact_mut(width).for_each(|sums| copy_short(simd, sums, row));
                factors.start = Start::Sums;
            }
        }
        factors.product(simd, SharedSlice::new(&mut sums), width, width, columns);
        for (j, sums) in sums.chunks_exact(width).enumerate() {
            column(j).copy_from_slice(&sums[..rows]);
        }
    }
}

impl<T: Lanes> Factors<'_, T> {
    /// The product, whose rows are `columns` columns of c.
    #[inline(always)]
    fn product<S: Simd>(self, simd: S, c: SharedSlice<'_, T>, c_row: usize, width: usize, columns: usize) {
        let product = Product {
            a: self.group,
            a_row: self.strides.1,
            a_step: self.strides.0,
            segments: if self.depth == 0 { &[] } else { &[0] },
            depth: self.depth,
            b: self.panel,
            b_step: self.step,
            c,
            c_row,
            rows: columns,
            vectors: width / T::lanes::<S>(),
            start: self.start,
            ahead: (self.depth >= LONG).then_some(self.ahead),
        };
        product.run(simd);
    }
}

/// A panel of a can be read where it is: its rows are neighbours, and its columns not far from each other, or not often read.
fn lies_well<T>(tile: &Tile<'_, T>) -> bool {
    let (row, column) = tile.a_strides;
    row == 1 && (column * size_of::<T>() <= FAR_BYTES || tile.shape.n < LEAST_COLUMNS)
}

/// The columns of b are neighbours, and its rows so far apart that they meet in one set of the nearest cache.
fn is_far<T>(tile: &Tile<'_, T>) -> bool {
    let (row, column) = tile.b_strides;
    column == 1 && row * size_of::<T>() >= PAGE_BYTES && tile.shape.n >= LEAST_COLUMNS
}

/// Neither the columns nor the rows of b are neighbours, one of which a [`Product`] needs.
fn is_scattered<T>(tile: &Tile<'_, T>) -> bool {
    tile.b_strides.0 != 1 && tile.b_strides.1 != 1
}
