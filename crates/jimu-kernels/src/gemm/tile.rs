//! A product's operands and result, and how they are cut.

use std::ops::Range;

use super::{GRAIN, GemmShape};

/// The largest tile ...
const LARGEST: (usize, usize) = (256, 512);
/// ... and its columns where k is longer than DEEP: a's panels come from beyond the nearer caches then, so each is copied for
/// many columns.
const MOST_COLUMNS: usize = 2048;
const DEEP: usize = 512;
/// The rows of a whole panel: no tile has fewer as long as it has columns to spare.
const PANEL: usize = 64;
/// A product with fewer tiles than the first is cut further, so that a few threads are busy, to sides no smaller than the second ...
const FEW: (usize, usize) = (4, 32);
/// ... and into more tiles as long as these stay large.
const MANY: (usize, usize) = (8, 128);
/// A tile is worth as many multiplications as this times the tiles that there are.
const WORTH: usize = 5 * GRAIN;
/// Reading an element takes as long as this many multiplications.
const READ: usize = 16;

/// A checked product, turned so that the rows of c are its fast dimension.
pub struct Operands<'a, T> {
    pub(super) shape: GemmShape,
    pub(super) a: &'a [T],
    pub(super) a_strides: (usize, usize),
    pub(super) b: &'a [T],
    pub(super) b_strides: (usize, usize),
}

impl<'a, T> Operands<'a, T> {
    pub(super) fn new(
        shape: GemmShape,
        (a, a_strides): (&'a [T], (usize, usize)),
        (b, b_strides): (&'a [T], (usize, usize)),
    ) -> Self {
        Self { shape, a, a_strides, b, b_strides }
    }

    /// A part of the product, itself a product.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn part(&self, rows: Range<usize>, columns: Range<usize>, depth: Range<usize>) -> Operands<'_, T> {
        let Tile { shape, a, a_strides, b, b_strides } = self.tile(rows, columns, depth);
        Operands { shape, a, a_strides, b, b_strides }
    }

    /// A part of the product.
    pub(super) fn tile(&self, rows: Range<usize>, columns: Range<usize>, depth: Range<usize>) -> Tile<'_, T> {
        let shape = GemmShape { m: rows.len(), n: columns.len(), k: depth.len() };
        let mut tile = Tile { shape, a: &[], a_strides: self.a_strides, b: &[], b_strides: self.b_strides };
        // With k = 0 there is nothing to point to.
        if shape.k > 0 {
            tile.a = &self.a[rows.start * self.a_strides.0 + depth.start * self.a_strides.1..];
            tile.b = &self.b[depth.start * self.b_strides.0 + columns.start * self.b_strides.1..];
        }
        tile
    }
}

/// The memory of c, whose tiles are written by different threads.
#[derive(Clone, Copy)]
pub struct Target<T> {
    pub(super) data: *mut T,
    pub(super) strides: (usize, usize),
}

// SAFETY: only `at` uses the pointer, and those who call it write tiles that do not overlap; T is Send.
unsafe impl<T: Send> Sync for Target<T> {}

impl<T> Target<T> {
    /// c from element (i, j) on.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn from(&self, i: usize, j: usize) -> Self {
        Self { data: self.at(i, j), strides: self.strides }
    }

    /// Where element (i, j) lies, which must be one of c's.
    pub(super) fn at(&self, i: usize, j: usize) -> *mut T {
        self.data.wrapping_add(i * self.strides.0 + j * self.strides.1)
    }
}

/// A part of a product: all that one thread needs to read.
pub struct Tile<'a, T> {
    pub(super) shape: GemmShape,
    pub(super) a: &'a [T],
    pub(super) a_strides: (usize, usize),
    pub(super) b: &'a [T],
    pub(super) b_strides: (usize, usize),
}

impl<'a, T> Tile<'a, T> {
    /// a from an element on; empty if there is none.
    pub(super) fn a_from(&self, row: usize, column: usize) -> &'a [T] {
        self.a.get(row * self.a_strides.0 + column * self.a_strides.1..).unwrap_or(&[])
    }

    /// b from an element on; empty if there is none.
    pub(super) fn b_from(&self, row: usize, column: usize) -> &'a [T] {
        self.b.get(row * self.b_strides.0 + column * self.b_strides.1..).unwrap_or(&[])
    }
}

/// The rows and columns of a tile of c: a rule of the sizes alone.
pub(super) fn tile_sizes(shape: GemmShape) -> (usize, usize) {
    let (mut rows, mut columns) = (shape.m, shape.n);
    let most = if shape.k > DEEP { (LARGEST.0, MOST_COLUMNS) } else { LARGEST };
    loop {
        let tiles = shape.m.div_ceil(rows) * shape.n.div_ceil(columns);
        let side = rows.max(columns);
        // A vector has no sides: only its work counts.
        let large = (rows > most.0 || columns > most.1) && rows.min(columns) > 1;
        let few = [FEW, MANY].iter().any(|&(count, least)| tiles < count && side >= 2 * least);
        let reads = rows.saturating_add(columns).saturating_mul(shape.k).saturating_mul(READ);
        let work = GemmShape { m: rows, n: columns, ..shape }.work().saturating_add(reads);
        if work < WORTH || !large && (!few || work < WORTH * tiles) {
            return (rows, columns);
        }
        // Halves are whole numbers of vectors.
        let half = |size: usize| size.div_ceil(2).next_multiple_of(16);
        let wide = rows * most.1 >= columns * most.0;
        if rows > most.0 || wide && (rows > PANEL || columns <= PANEL) {
            rows = half(rows);
        } else {
            columns = half(columns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_products_are_cut_and_small_ones_are_not() {
        let sizes = |m, n, k| tile_sizes(GemmShape { m, n, k });
        assert_eq!(sizes(64, 120, 10), (64, 120));
        assert_eq!(sizes(2048, 2048, 2048), (256, 2048));
        assert_eq!(sizes(2048, 2048, 512), (256, 512));
        assert_eq!(sizes(1024, 1024, 1024), (128, 1024));
        assert_eq!(sizes(256, 256, 256), (64, 128));
        assert_eq!(sizes(128, 2048, 512), (128, 256));
        assert_eq!(sizes(120, 64, 400), (64, 64));
        assert_eq!(sizes(4096, 1, 4096), (512, 1));
    }
}
