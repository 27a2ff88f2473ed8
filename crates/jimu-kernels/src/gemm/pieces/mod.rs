//! Products of `f32` with AMX, which multiplies `bf16`: each number is taken as the sum of three of those.
//!
//! ```text
//! a number   x = h + m + l, each the nearest bf16 to what the ones before it leave: exactly, as three times 8 bits are 24
//! a product  x y = h h' + (h m' + m h') + (h l' + m m' + l h'); left out are m l', l m' and l l', at most 2^-24 of x y, as much
//!            as rounding takes from it once. Sums are of f32, as always
//! ```
//! Six products of bf16 for one: AMX does them in less than half the time of a multiply-add of f32, and with few instructions. But where
//! another thread of the core is busy, its loads take several times as long, and do not overlap its products.
//!
//! ```text
//! [`suits`]  both sides of c are long, so that a number's pieces are used often; c's rows are neighbours
//! groups     of c's rows or columns, one for each thread, where what a group reads lies in the second cache: each thread splits
//!            all that it reads, be it more in all, as what another one has just written is slow to read
//! sections   of k, whose pieces fill some COPIES pairs, or one part in such a group; after each, c holds the sums so far
//! pieces     of a and b in strips of SIDE lines ([`split`]). All threads split, then all read
//! tiles      of c, some strips by some strips, one task each
//! parts      of k, at most DEPTH terms: what a tile reads of a part lies in the second cache
//! a block    a strip of a by a strip of b over a part ([`block`]); through a buffer where rows or columns are missing. Where a strip
//!            has a number that is not finite, or too large to be rounded, as if there were no AMX
//! ```
//! Nothing here changes the bits but the strips and parts, which the sizes alone say: a sum is taken in the order of its terms,
//! however c is cut. So the groups may depend on the threads.
//!
//! Numbers below 2^-109 lose pieces, and products below 2^-126 are 0, as AMX knows no subnormal numbers.

mod block;
mod split;

use std::ops::Range;

use super::GemmShape;
use super::element::GemmElement;
use super::tile::{Operands, Target};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::product::Start;
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads::{available, parallel_for};
use block::Registers;
use split::{Lines, Wanted};

/// Lines of a strip: rows of a or columns of b.
const SIDE: usize = 32;
/// Terms whose pieces lie together: a step of a block.
const STEP: usize = 32;
/// Pairs of pieces of a strip's step.
const PAIRS: usize = 3 * SIDE * STEP / 2;
/// Most strips along a side of a tile.
const TILE: usize = 8;
/// With fewer tiles than this, they are cut further, as long as they are longer than a strip.
const FEW: usize = 16;
/// Most steps of a part: 256 terms.
const DEPTH: usize = 8;
/// Pairs that are had at a time: 48 MiB.
const COPIES: usize = 12 << 20;
/// Pairs that lie in the second cache, beside c: 1.25 MiB.
const NEAR: usize = 5 << 16;
/// Fewest tasks for the strips of an operand, if it has so many.
const SPLITS: usize = 8;
/// What is saved on so many multiply-adds makes up for splitting a number.
const WORTH: usize = 60;
/// Fewer multiply-adds are not worth it.
const LEAST: usize = 1 << 22;

/// What the sums of a column start from if from nothing.
static ZEROS: [f32; SIDE] = [0.0; SIDE];

/// Whether splitting pays: m + n numbers for each m n multiply-adds.
pub(super) fn suits(shape: GemmShape) -> bool {
    let GemmShape { m, n, k } = shape;
    // What strips and steps lack is multiplied, too.
    let whole = |size: usize, unit: usize| size.next_multiple_of(unit);
    simd::has_amx()
        && shape.work() >= LEAST
        && m.saturating_mul(n) >= WORTH.saturating_mul(m.saturating_add(n))
        && GemmShape { m: whole(m, SIDE), n: whole(n, SIDE), k: whole(k, STEP) }.work() / 3 * 2 <= shape.work()
}

/// Rows and columns of a tile of c.
pub(super) fn tile_sizes(shape: GemmShape) -> (usize, usize) {
    let Tiling { strips, tiles, .. } = Tiling::new(shape);
    (strips.0.div_ceil(tiles.0) * SIDE, strips.1.div_ceil(tiles.1) * SIDE)
}

/// Strips of a and of b.
fn strips(shape: GemmShape) -> (usize, usize) {
    (shape.m.div_ceil(SIDE), shape.n.div_ceil(SIDE))
}

/// `c = start + a b`.
///
/// # Safety
/// As [`GemmElement::product`], for the whole of c, whose rows are neighbours. There is AMX.
pub(super) unsafe fn multiply(operands: &Operands<'_, f32>, c: Target<f32>, start: Start<'_, f32>) {
    // SAFETY: the caller's promise.
    unsafe { multiply_groups(groups(operands.shape, available()), operands, c, start) };
}

/// Groups of rows and of columns of c for so many threads.
fn groups(shape: GemmShape, threads: usize) -> (usize, usize) {
    let strips = strips(shape);
    let (mut rows, mut columns) = (1, 1);
    let longest = |groups: (usize, usize)| (strips.0.div_ceil(groups.0), strips.1.div_ceil(groups.1));
    while rows * columns < threads && longest((rows, columns)) != (1, 1) {
        let (of_a, of_b) = longest((rows, columns));
        *if of_a >= of_b { &mut rows } else { &mut columns } *= 2;
    }
    let (of_a, of_b) = longest((rows, columns));
    let near = (of_a + of_b) * Parts::new(shape).longest() * PAIRS <= NEAR;
    if near { (rows, columns) } else { (1, 1) }
}

/// [`multiply`], in so many groups of rows and of columns.
///
/// # Safety
/// As [`multiply`].
unsafe fn multiply_groups(groups: (usize, usize), operands: &Operands<'_, f32>, c: Target<f32>, start: Start<'_, f32>) {
    let (shape, strips) = (operands.shape, strips(operands.shape));
    let lines = |strips: Range<usize>, all: usize| strips.start * SIDE..all.min(strips.end * SIDE);
    parallel_for(groups.0 * groups.1, |index| {
        let rows = lines(balanced(strips.0, groups.0, index % groups.0), shape.m);
        let columns = lines(balanced(strips.1, groups.1, index / groups.0), shape.n);
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let (to, start) = (c.from(rows.start, columns.start), start.of_rows(rows.clone()));
        let group = operands.part(rows, columns, 0..shape.k);
        // SAFETY: the caller's promise; groups do not overlap.
        unsafe { multiply_group(Tiling::new(group.shape), &group, to, start) };
    });
}

/// [`multiply`] in tiles, cut like this.
///
/// # Safety
/// As [`multiply`]; the cut is one of this product's.
unsafe fn multiply_group(cut: Tiling, operands: &Operands<'_, f32>, c: Target<f32>, start: Start<'_, f32>) {
    let strips = cut.strips.0 + cut.strips.1;
    let longest = cut.longest_section() * PAIRS;
    let mut a = Buffer::<u32>::unspecified(cut.strips.0 * longest);
    let mut b = Buffer::<u32>::unspecified(cut.strips.1 * longest);
    let mut split = Buffer::<u8>::unspecified(strips * cut.parts.count.div_ceil(cut.sections));
    for index in 0..cut.sections {
        let parts = balanced(cut.parts.count, cut.sections, index);
        split_section(operands, &cut, &parts, &mut a, &mut b, &mut split);
        let section = Section { operands, cut, parts, a: &a, b: &b, split: &split };
        let start = if index == 0 { start } else { Start::Sums };
        let tiles = cut.tiles.0 * cut.tiles.1;
        // Alone, all tiles are one task, whose registers are set up once.
        let tasks = if available() == 1 { 1 } else { tiles };
        parallel_for(tasks, |task| {
            // SAFETY: there is AMX.
            let registers = unsafe { Registers::new() };
            // SAFETY: the caller's promise; tiles do not overlap.
            balanced(tiles, tasks, task).for_each(|tile| unsafe { section.tile(&registers, tile, c, start) });
        });
    }
}

/// The parts of k.
#[derive(Clone, Copy)]
struct Parts {
    steps: usize,
    count: usize,
}

impl Parts {
    fn new(shape: GemmShape) -> Self {
        let steps = shape.k.div_ceil(STEP);
        Self { steps, count: steps.div_ceil(DEPTH) }
    }

    /// The steps of a part.
    fn part(&self, index: usize) -> Range<usize> {
        balanced(self.steps, self.count, index)
    }

    /// Those of some parts that follow each other.
    fn steps(&self, parts: &Range<usize>) -> Range<usize> {
        self.part(parts.start).start..self.part(parts.end - 1).end
    }

    /// Most steps of a part.
    fn longest(&self) -> usize {
        self.steps.div_ceil(self.count.max(1))
    }
}

/// How a product is cut.
#[derive(Clone, Copy)]
struct Tiling {
    parts: Parts,
    /// Strips of a and of b.
    strips: (usize, usize),
    /// Tiles of rows and of columns.
    tiles: (usize, usize),
    sections: usize,
}

impl Tiling {
    fn new(shape: GemmShape) -> Self {
        let (strips, parts) = (strips(shape), Parts::new(shape));
        let (mut rows, mut columns) = (strips.0.min(TILE), strips.1.min(TILE));
        let tiles = |rows: usize, columns: usize| (strips.0.div_ceil(rows), strips.1.div_ceil(columns));
        while tiles(rows, columns).0 * tiles(rows, columns).1 < FEW && rows.max(columns) > 1 {
            let longer = if rows >= columns { &mut rows } else { &mut columns };
            *longer = longer.div_ceil(2);
        }
        let part = (strips.0 + strips.1) * parts.longest() * PAIRS;
        let at_a_time = if part <= NEAR { 1 } else { (COPIES / part).max(1) };
        Self { strips, parts, tiles: tiles(rows, columns), sections: parts.count.div_ceil(at_a_time) }
    }

    /// Most steps of a section.
    fn longest_section(&self) -> usize {
        self.parts.count.div_ceil(self.sections) * self.parts.longest()
    }

    /// Strips of a and of b of a tile.
    fn tile(&self, index: usize) -> (Range<usize>, Range<usize>) {
        let (i, j) = (index % self.tiles.0, index / self.tiles.0);
        (balanced(self.strips.0, self.tiles.0, i), balanced(self.strips.1, self.tiles.1, j))
    }
}

/// Splits some parts of both operands. Says in `split` of each part of each strip whether it could be.
fn split_section(
    operands: &Operands<'_, f32>,
    cut: &Tiling,
    parts: &Range<usize>,
    a: &mut [u32],
    b: &mut [u32],
    split: &mut [u8],
) {
    let (a, b, split) = (SharedSlice::new(a), SharedSlice::new(b), SharedSlice::new(split));
    let GemmShape { m, n, k } = operands.shape;
    let ((a_line, a_term), (b_term, b_line)) = (operands.a_strides, operands.b_strides);
    let of_a = Lines { data: operands.a, count: (m, k), line: a_line, term: a_term, wanted: Wanted::Lines };
    let of_b = Lines { data: operands.b, count: (n, k), line: b_line, term: b_term, wanted: Wanted::Terms };
    let steps = cut.parts.steps(parts);
    let tasks = |strips: usize| strips.min(SPLITS.max(strips / TILE));
    let tasks = (tasks(cut.strips.0), tasks(cut.strips.1));
    parallel_for(tasks.0 + tasks.1, |index| {
        let (lines, to, strips, before) = match index.checked_sub(tasks.0) {
            None => (&of_a, &a, balanced(cut.strips.0, tasks.0, index), 0),
            Some(index) => (&of_b, &b, balanced(cut.strips.1, tasks.1, index), cut.strips.0),
        };
        let (each, flags) = (steps.len() * PAIRS, parts.len());
        // SAFETY: these strips are this task's alone.
        let to = unsafe { to.part(strips.start * each, strips.len() * each) };
        // SAFETY: as above.
        let split = unsafe { split.part((before + strips.start) * flags, strips.len() * flags) };
        for (index, part) in parts.clone().map(|part| cut.parts.part(part)).enumerate() {
            let place = (part.start - steps.start) * PAIRS;
            for first in strips.clone().step_by(TILE) {
                let together = first..strips.end.min(first + TILE);
                let (to, split) =
                    (&mut to[(first - strips.start) * each..], &mut split[(first - strips.start) * flags..]);
                let could = lines.split(&mut to[place..], each, &together, &part);
                for (split, could) in split.chunks_mut(flags).zip(could).take(together.len()) {
                    split[index] = could.into();
                }
            }
        }
    });
}

/// A section of a product, split.
struct Section<'a> {
    operands: &'a Operands<'a, f32>,
    cut: Tiling,
    parts: Range<usize>,
    a: &'a [u32],
    b: &'a [u32],
    split: &'a [u8],
}

impl Section<'_> {
    /// Some strips of a by some strips of b.
    ///
    /// # Safety
    /// As [`multiply`], for that tile of c.
    unsafe fn tile(&self, registers: &Registers, tile: usize, c: Target<f32>, start: Start<'_, f32>) {
        let (rows, columns) = self.cut.tile(tile);
        for part in self.parts.clone() {
            let start = if part == self.parts.start { start } else { Start::Sums };
            for column in columns.clone() {
                for row in rows.clone() {
                    // SAFETY: the caller's promise.
                    unsafe { self.block(registers, (row, column), part, c, start) };
                }
            }
        }
    }

    /// Whether a part of both strips could be split.
    fn is_split(&self, (row, column): (usize, usize), part: usize) -> bool {
        [row, self.cut.strips.0 + column]
            .iter()
            .all(|strip| self.split[strip * self.parts.len() + part - self.parts.start] != 0)
    }

    /// A strip of a by a strip of b, over a part.
    ///
    /// # Safety
    /// As [`multiply`], for that block of c.
    unsafe fn block(
        &self,
        registers: &Registers,
        (row, column): (usize, usize),
        part: usize,
        c: Target<f32>,
        start: Start<'_, f32>,
    ) {
        let GemmShape { m, n, k } = self.operands.shape;
        let (rows, columns) = (row * SIDE..m.min((row + 1) * SIDE), column * SIDE..n.min((column + 1) * SIDE));
        let (to, step) = (c.at(rows.start, columns.start), c.strides.1);
        let (steps, section) = (self.cut.parts.part(part), self.cut.parts.steps(&self.parts));
        if !self.is_split((row, column), part) {
            let terms = steps.start * STEP..k.min(steps.end * STEP);
            let start = start.of_rows(rows.clone());
            let tile = self.operands.tile(rows, columns, terms);
            // SAFETY: the caller's promise.
            return unsafe { f32::product(&tile, to, c.strides, start) };
        }
        let pieces = |of: &'_ [u32], strip: usize| {
            of[(strip * section.len() + steps.start - section.start) * PAIRS..][..steps.len() * PAIRS].as_ptr()
        };
        let (a, b, count) = (pieces(self.a, row), pieces(self.b, column), columns.len());
        if (rows.len(), count) == (SIDE, SIDE) {
            let from = match start {
                Start::Zero => (ZEROS.as_ptr(), 0),
                Start::Sums => (to.cast_const(), step),
                Start::Row(row) => (row[rows].as_ptr(), 0),
            };
            // SAFETY: a and b have so many steps (sliced), and c has all of this block.
            return unsafe { registers.block(steps.len(), a, b, from, (to, step)) };
        }
        // SAFETY: some rows of one of c's columns, which are this call's alone.
        let column = |j: usize| unsafe { std::slice::from_raw_parts_mut(to.wrapping_add(j * step), rows.len()) };
        let mut sums = [0.0; SIDE * SIDE];
        for (j, sums) in sums.chunks_exact_mut(SIDE).take(count).enumerate() {
            match start {
                Start::Zero => {}
                Start::Sums => sums[..rows.len()].copy_from_slice(column(j)),
                Start::Row(row) => sums[..rows.len()].copy_from_slice(&row[rows.clone()]),
            }
        }
        let whole = (sums.as_mut_ptr(), SIDE);
        // SAFETY: as above, and `sums` has room for a whole block.
        unsafe { registers.block(steps.len(), a, b, (whole.0, SIDE), whole) };
        for (j, sums) in sums.chunks_exact(SIDE).take(count).enumerate() {
            column(j).copy_from_slice(&sums[..rows.len()]);
        }
    }
}

#[cfg(test)]
mod tests;
