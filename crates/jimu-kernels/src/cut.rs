//! How lengths are cut into parts.

use std::ops::Range;

/// Cuts `len` into `count` neighbouring ranges whose lengths differ by at most one, and returns the `index`-th.
pub(crate) fn balanced(len: usize, count: usize, index: usize) -> Range<usize> {
    index * len / count..(index + 1) * len / count
}
