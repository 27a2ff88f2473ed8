//! How a product is cut.

use super::{GRAIN, GemmShape};

/// The largest side of a tile: its share of a and b fits the second-level cache by slices of k, and each packed element is
/// used often enough to pay for the packing.
const SIDE: usize = 256;
/// The smallest side worth cutting to.
const LEAST: usize = 32;
/// Tiles enough to keep a few threads evenly busy.
const TILES: usize = 8;

/// A part of a product: all that one thread needs to read.
pub struct Tile<'a, T> {
    pub(super) shape: GemmShape,
    pub(super) a: &'a [T],
    pub(super) a_strides: (usize, usize),
    pub(super) b: &'a [T],
    pub(super) b_strides: (usize, usize),
}

/// The rows and columns of a tile of c: a rule of the sizes alone.
pub(super) fn tile_sizes(shape: GemmShape) -> (usize, usize) {
    let (mut rows, mut columns) = (shape.m, shape.n);
    loop {
        let tiles = shape.m.div_ceil(rows) * shape.n.div_ceil(columns);
        let work = GemmShape { m: rows, n: columns, ..shape }.work();
        let side = rows.max(columns);
        // A vector has no side to be cut to a square: only its work counts.
        let large = side > SIDE && rows.min(columns) > 1;
        let few = tiles < TILES && side >= 2 * LEAST;
        if work < 2 * GRAIN || !large && !few {
            return (rows, columns);
        }
        // Halves are whole numbers of vectors.
        let half = |size: usize| size.div_ceil(2).next_multiple_of(16);
        if rows >= columns {
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
        assert_eq!(sizes(2048, 2048, 2048), (256, 256));
        assert_eq!(sizes(256, 256, 256), (64, 128));
        assert_eq!(sizes(4096, 1, 4096).1, 1);
        assert!(sizes(4096, 1, 4096).0 <= 512);
    }
}
