//! How rows of outputs are cut into tiles.

use smallvec::SmallVec;

/// Neighbouring tiles of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strip {
    /// Pairs of points of the rule.
    pub pairs: usize,
    /// Outputs of a tile.
    pub outputs: usize,
    pub tiles: usize,
    /// The first output column.
    pub first: usize,
}

impl Strip {
    /// Points of the rule, which are the inputs and the products of a tile.
    pub fn points(&self) -> usize {
        2 * self.pairs + 2
    }
}

/// The strips of a row.
pub(super) type Strips = SmallVec<[Strip; 2]>;

/// Cuts a row of `width` outputs, each of `taps` taps, into tiles of 8 and of 6 points with the fewest products.
pub(super) fn cut(width: usize, taps: usize) -> Strips {
    let [large, small] = [9 - taps, 7 - taps];
    let small_tiles = |larges: usize| width.saturating_sub(larges * large).div_ceil(small);
    let products_of = |larges: usize| larges * 8 + small_tiles(larges) * 6;
    let larges = (0..=width.div_ceil(large)).rev().min_by_key(|&larges| products_of(larges)).unwrap_or(0);
    let strips = [
        Strip { pairs: 3, outputs: large, tiles: larges, first: 0 },
        Strip { pairs: 2, outputs: small, tiles: small_tiles(larges), first: larges * large },
    ];
    strips.into_iter().filter(|strip| strip.tiles > 0).collect()
}

/// Products of a row.
pub(super) fn products(strips: &[Strip]) -> usize {
    strips.iter().map(|strip| strip.points() * strip.tiles).sum()
}

/// Calls a generic function with the rule of a strip: its pairs of points, outputs and taps.
macro_rules! with_rule {
    ($strip:expr, $this:ident . $function:ident :: <$simd:ty>($($argument:expr),*)) => {
        match ($strip.pairs, $strip.outputs) {
            (3, 4) => $this.$function::<$simd, 3, 4, 5>($($argument),*),
            (2, 2) => $this.$function::<$simd, 2, 2, 5>($($argument),*),
            (3, 6) => $this.$function::<$simd, 3, 6, 3>($($argument),*),
            (2, 4) => $this.$function::<$simd, 2, 4, 3>($($argument),*),
            other => unreachable!("no rule of {other:?}"),
        }
    };
}
pub(super) use with_rule;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_with_the_fewest_products() {
        let tiles = |width, taps| cut(width, taps).iter().map(|s| (s.outputs, s.tiles, s.first)).collect::<Vec<_>>();
        assert_eq!(tiles(28, 5), [(4, 7, 0)]);
        assert_eq!(tiles(10, 5), [(4, 2, 0), (2, 1, 8)]);
        assert_eq!(tiles(11, 5), [(4, 3, 0)]);
        assert_eq!(tiles(2, 5), [(2, 1, 0)]);
        assert_eq!(tiles(32, 3), [(6, 4, 0), (4, 2, 24)]);
        assert_eq!(products(&cut(10, 5)), 22);
    }
}
