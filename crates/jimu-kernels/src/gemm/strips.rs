//! Large products of `f32` from copies of both operands, with AVX-512.
//!
//! ```text
//! [`suits`]  both sides of c are long, so that each copied number is used often; c's rows are neighbours
//! sections   of k, whose copies fill some COPIES numbers; after each, c holds the sums so far
//! copies     a as strips of ROWS rows, b as strips of COLUMNS columns: [part][strip][depth][ROWS or COLUMNS]; what the last
//!            strips lack is zero. All threads copy, then all read: a number is copied once, not for every tile
//! tiles      of c, some strips by some strips, one task each
//! parts      of a section, at most DEPTH terms: a tile of c stays in the second cache while they are added in order
//! a part     each strip of b, which stays in the first cache, by each strip of a; meanwhile the next part, or that of the next
//!            tile, is asked for
//! a block    [`block()`]; through a buffer where rows or columns are missing
//! ```

use std::ops::Range;

use super::GemmShape;
use super::block::{self, COLUMNS, ROWS, block};
use super::tile::{Operands, Target};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::prefetch::prefetch_row;
use crate::product::Start;
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads::parallel_for;
use crate::transpose::transpose;

/// Most strips of a and of b in a tile, some 256 rows and columns: operands and sums of a part fill a third of the second cache.
const TILE: (usize, usize) = (8, 21);
/// With fewer tiles than this, each has half of the rows.
const FEW: usize = 16;
/// Most terms of a part.
const DEPTH: usize = 256;
/// Numbers that are copied at a time, as far as parts are not longer: 32 MiB.
const COPIES: usize = 1 << 23;
/// Strips that one task copies.
const TOGETHER: usize = 8;
/// A row is asked for this many rows before it is copied.
const AHEAD: usize = 8;
/// What is saved on so many multiply-adds makes up for the copy of a number.
const WORTH: usize = 180;
/// Terms of a sum that are worth a block's beginning and end.
const LEAST_DEPTH: usize = 64;
/// Numbers of a block.
const BLOCK: usize = ROWS * COLUMNS;

/// What the sums of a column start from if from nothing.
static ZEROS: [f32; ROWS] = [0.0; ROWS];

/// Whether the copies pay: m + n numbers for each m n multiply-adds.
pub(super) fn suits(GemmShape { m, n, k }: GemmShape) -> bool {
    simd::has_avx512() && k >= LEAST_DEPTH && m.saturating_mul(n) >= WORTH.saturating_mul(m.saturating_add(n))
}

/// Rows and columns of a tile of c.
pub(super) fn tile_sizes(shape: GemmShape) -> (usize, usize) {
    let Cut { strips, tiles, .. } = Cut::new(shape);
    (strips.0.div_ceil(tiles.0) * ROWS, strips.1.div_ceil(tiles.1) * COLUMNS)
}

/// How a product is cut.
#[derive(Clone, Copy)]
struct Cut {
    shape: GemmShape,
    /// Strips of a and of b.
    strips: (usize, usize),
    /// Tiles of rows and of columns.
    tiles: (usize, usize),
    sections: usize,
}

impl Cut {
    fn new(shape: GemmShape) -> Self {
        let strips = (shape.m.div_ceil(ROWS), shape.n.div_ceil(COLUMNS));
        let tiles = |rows: usize| (strips.0.div_ceil(rows), strips.1.div_ceil(TILE.1));
        let whole = tiles(TILE.0);
        let tiles = if whole.0 * whole.1 < FEW { tiles(TILE.0 / 2) } else { whole };
        let terms = (COPIES / (shape.m + shape.n)).max(DEPTH);
        Self { shape, strips, tiles, sections: shape.k.div_ceil(terms) }
    }

    fn section(&self, index: usize) -> Range<usize> {
        balanced(self.shape.k, self.sections, index)
    }

    /// Strips of a and of b of a tile.
    fn tile(&self, index: usize) -> (Range<usize>, Range<usize>) {
        let (i, j) = (index % self.tiles.0, index / self.tiles.0);
        (balanced(self.strips.0, self.tiles.0, i), balanced(self.strips.1, self.tiles.1, j))
    }
}

/// `c = start + a b`.
///
/// # Safety
/// As [`GemmElement::product`](super::GemmElement::product), for the whole of c, whose rows are neighbours. The processor has AVX-512F.
pub(super) unsafe fn multiply(operands: &Operands<'_, f32>, c: Target<f32>, start: Start<'_, f32>) {
    // SAFETY: the caller's promise.
    unsafe { multiply_cut(Cut::new(operands.shape), operands, c, start) };
}

/// [`multiply`], cut like this.
///
/// # Safety
/// As [`multiply`]; the cut is one of this product's.
unsafe fn multiply_cut(cut: Cut, operands: &Operands<'_, f32>, c: Target<f32>, start: Start<'_, f32>) {
    let longest = operands.shape.k.div_ceil(cut.sections);
    let mut a = Buffer::<f32>::unspecified(cut.strips.0 * ROWS * longest);
    let mut b = Buffer::<f32>::unspecified(cut.strips.1 * COLUMNS * longest);
    for index in 0..cut.sections {
        let terms = cut.section(index);
        copy_section(operands, &cut, &terms, &mut a, &mut b);
        let section = Section { cut, depth: terms.len(), a: &a, b: &b };
        let start = if index == 0 { start } else { Start::Sums };
        parallel_for(cut.tiles.0 * cut.tiles.1, |index| {
            // SAFETY: the caller's promise; tiles do not overlap.
            unsafe { section.tile(index, c, start) };
        });
    }
}

/// Copies some terms of both operands.
fn copy_section(operands: &Operands<'_, f32>, cut: &Cut, terms: &Range<usize>, a: &mut [f32], b: &mut [f32]) {
    let (a, b) = (SharedSlice::new(a), SharedSlice::new(b));
    let tasks = (cut.strips.0.div_ceil(TOGETHER), cut.strips.1.div_ceil(TOGETHER));
    let GemmShape { m, n, .. } = operands.shape;
    let (b_term, b_line) = operands.b_strides;
    let from_a = Lines::<ROWS> { data: operands.a, count: m, line: operands.a_strides.0, term: operands.a_strides.1 };
    let from_b = Lines::<COLUMNS> { data: operands.b, count: n, line: b_line, term: b_term };
    parallel_for(tasks.0 + tasks.1, |index| match index.checked_sub(tasks.0) {
        None => from_a.copy(&a, balanced(cut.strips.0, tasks.0, index), terms),
        Some(index) => from_b.copy(&b, balanced(cut.strips.1, tasks.1, index), terms),
    });
}

/// A part of a section of so many terms, counted from its begin.
fn part(depth: usize, index: usize) -> Range<usize> {
    balanced(depth, depth.div_ceil(DEPTH), index)
}

/// Where a strip of `W` lines begins in a part: all strips of the parts before come first.
fn place<const W: usize>(strips: usize, strip: usize, part: &Range<usize>) -> usize {
    W * (strips * part.start + strip * part.len())
}

/// Copies of a section of both operands.
struct Section<'a> {
    cut: Cut,
    depth: usize,
    a: &'a [f32],
    b: &'a [f32],
}

impl Section<'_> {
    /// Some strips of a by some strips of b.
    ///
    /// # Safety
    /// As [`multiply`], for that tile of c.
    unsafe fn tile(&self, tile: usize, c: Target<f32>, start: Start<'_, f32>) {
        let (rows, columns) = self.cut.tile(tile);
        let count = self.depth.div_ceil(DEPTH);
        for index in 0..count {
            let part = part(self.depth, index);
            let start = if index == 0 { start } else { Start::Sums };
            let (tile, after) = if index + 1 < count { (tile, index + 1) } else { (tile + 1, 0) };
            let asked_for = block::asked_for(part.len()).max(1);
            let mut next = self.reads(tile, after).into_iter().flat_map(|reads| reads.chunks(asked_for));
            for column in columns.clone() {
                for row in rows.clone() {
                    // SAFETY: the caller's promise.
                    unsafe { self.block(row, column, &part, c, start, next.next().unwrap_or_default()) };
                }
            }
        }
    }

    /// What a tile reads of a part; nothing if there is no such tile.
    fn reads(&self, tile: usize, index: usize) -> [&[f32]; 2] {
        if tile >= self.cut.tiles.0 * self.cut.tiles.1 {
            return [&[]; 2];
        }
        let ((rows, columns), part) = (self.cut.tile(tile), part(self.depth, index));
        let of_b = &self.b[place::<COLUMNS>(self.cut.strips.1, columns.start, &part)..];
        let of_a = &self.a[place::<ROWS>(self.cut.strips.0, rows.start, &part)..];
        [&of_b[..COLUMNS * columns.len() * part.len()], &of_a[..ROWS * rows.len() * part.len()]]
    }

    /// A strip of a by a strip of b.
    ///
    /// # Safety
    /// As [`multiply`], for that block of c.
    #[inline]
    unsafe fn block(
        &self,
        row: usize,
        column: usize,
        part: &Range<usize>,
        c: Target<f32>,
        start: Start<'_, f32>,
        next: &[f32],
    ) {
        let GemmShape { m, n, .. } = self.cut.shape;
        let a = &self.a[place::<ROWS>(self.cut.strips.0, row, part)..][..part.len() * ROWS];
        let b = &self.b[place::<COLUMNS>(self.cut.strips.1, column, part)..][..part.len() * COLUMNS];
        let rows = row * ROWS..m.min((row + 1) * ROWS);
        let count = COLUMNS.min(n - column * COLUMNS);
        let (to, step) = (c.at(rows.start, column * COLUMNS), c.strides.1);
        if (rows.len(), count) == (ROWS, COLUMNS) {
            let from = match start {
                Start::Zero => (ZEROS.as_ptr(), 0),
                Start::Sums => (to.cast_const(), step),
                Start::Row(row) => (row[rows].as_ptr(), 0),
            };
            // SAFETY: a and b have so many terms (sliced), c has all of this block, and the processor AVX-512F.
            return unsafe { block(part.len(), a.as_ptr(), b.as_ptr(), from, (to, step), next.as_ptr()) };
        }
        // SAFETY: some rows of one of c's columns, which are this call's alone.
        let column = |j: usize| unsafe { std::slice::from_raw_parts_mut(to.wrapping_add(j * step), rows.len()) };
        let mut sums = [0.0; BLOCK];
        for (j, sums) in sums.chunks_exact_mut(ROWS).take(count).enumerate() {
            match start {
                Start::Zero => {}
                Start::Sums => sums[..rows.len()].copy_from_slice(column(j)),
                Start::Row(row) => sums[..rows.len()].copy_from_slice(&row[rows.clone()]),
            }
        }
        let whole = (sums.as_mut_ptr(), ROWS);
        // SAFETY: as above, and `sums` has room for a whole block.
        unsafe { block(part.len(), a.as_ptr(), b.as_ptr(), (whole.0, ROWS), whole, next.as_ptr()) };
        for (j, sums) in sums.chunks_exact(ROWS).take(count).enumerate() {
            column(j).copy_from_slice(&sums[..rows.len()]);
        }
    }
}

/// The rows of a, or the columns of b, as they are copied to strips of `W`.
struct Lines<'a, const W: usize> {
    data: &'a [f32],
    count: usize,
    /// Distance of lines, and of a line's terms.
    line: usize,
    term: usize,
}

impl<const W: usize> Lines<'_, W> {
    /// Copies these strips of a section to where its parts have them.
    fn copy(&self, to: &SharedSlice<'_, f32>, strips: Range<usize>, section: &Range<usize>) {
        let all = self.count.div_ceil(W);
        for part in (0..section.len().div_ceil(DEPTH)).map(|index| part(section.len(), index)) {
            // SAFETY: these strips are this task's alone.
            let to = unsafe { to.part(place::<W>(all, strips.start, &part), W * strips.len() * part.len()) };
            let terms = section.start + part.start..section.start + part.end;
            if self.line == 1 && strips.end * W <= self.count {
                self.copy_terms(to, strips.clone(), terms);
            } else {
                let each = to.chunks_exact_mut(W * part.len());
                each.zip(strips.clone()).for_each(|(to, strip)| self.copy_strip(to, strip, terms.clone()));
            }
        }
    }

    /// Whole strips whose lines are neighbours: each term's numbers of all of them, one term after the other.
    fn copy_terms(&self, to: &mut [f32], strips: Range<usize>, terms: Range<usize>) {
        let (first, width, len) = (strips.start * W, strips.len() * W, W * terms.len());
        simd::dispatch(
            #[inline(always)]
            || {
                for (index, term) in terms.enumerate() {
                    prefetch_row(self.data.as_ptr().wrapping_add((term + AHEAD) * self.term + first), width);
                    let numbers = self.data[term * self.term + first..][..width].as_chunks::<W>().0;
                    for (strip, numbers) in numbers.iter().enumerate() {
                        to[strip * len + index * W..][..W].copy_from_slice(numbers);
                    }
                }
            },
        );
    }

    /// One strip, with zeros for the lines that it lacks.
    fn copy_strip(&self, to: &mut [f32], strip: usize, terms: Range<usize>) {
        let count = W.min(self.count - strip * W);
        let data = &self.data[strip * W * self.line + terms.start * self.term..];
        if self.term == 1 {
            transpose(to, W, (data, self.line), count, terms.len());
        }
        for (index, to) in to.chunks_exact_mut(W).enumerate() {
            if self.term != 1 {
                (0..count).for_each(|line| to[line] = data[line * self.line + index * self.term]);
            }
            to[count..].fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemm::tests::{check_starts, layouts};

    #[test]
    fn equals_one_element_at_a_time() {
        if !simd::has_avx512() {
            return;
        }
        for (m, n, k) in
            [(1, 1, 1), (32, 12, 4), (31, 13, 7), (64, 24, 256), (300, 270, 9), (70, 50, 600), (33, 25, 1030)]
        {
            let shape = GemmShape { m, n, k };
            let whole = Cut::new(shape);
            for (sa, sb) in layouts(m, k).into_iter().flat_map(|sa| layouts(k, n).map(|sb| (sa, sb))) {
                check_starts(shape, sa, sb, |index, operands, target, start| {
                    // SAFETY: all matrices are as large as their slices, and AVX-512 is there.
                    unsafe { multiply_cut(Cut { sections: k.min(index + 1), ..whole }, operands, target, start) };
                });
            }
        }
    }

    #[test]
    fn long_sums_are_taken_in_sections_and_tiles_are_whole_strips() {
        let cut = Cut::new(GemmShape { m: 5000, n: 5000, k: 1000 });
        assert_eq!((cut.sections, cut.strips, cut.tiles), (2, (157, 417), (20, 20)));
        assert_eq!(tile_sizes(GemmShape { m: 1024, n: 1024, k: 1024 }), (256, 216));
        assert_eq!(tile_sizes(GemmShape { m: 384, n: 384, k: 384 }), (128, 192));
    }
}
