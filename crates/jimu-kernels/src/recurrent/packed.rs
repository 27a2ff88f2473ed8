//! A matrix that stays the same from step to step, and so is packed once for [`Product`].

use pulp::Simd;

use crate::buffer::Buffer;
use crate::lanes::{Lanes, Machine, machine};
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::threads::parallel_chunks_mut;

/// A matrix of `depth` rows in panels of columns, each `[depth][panel]`, the last filled up with zeros; and what each
/// product begins with.
pub(super) struct Packed<T: Lanes> {
    depth: usize,
    /// The columns of the panels together.
    pub(super) columns: usize,
    /// The columns of a panel, but the last may have fewer.
    width: usize,
    panels: Buffer<T>,
    start: Vec<T>,
}

impl<T: Lanes> Packed<T> {
    /// The matrix whose elements `at(row, column)` gives.
    pub(super) fn new(
        (depth, columns): (usize, usize),
        bias: Option<&[T]>,
        at: impl Fn(usize, usize) -> T + Sync,
    ) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let (width, padded) = (widest(registers) * lanes, columns.next_multiple_of(lanes));
        let mut panels = Buffer::unspecified(padded * depth);
        parallel_chunks_mut(&mut panels, (width * depth).max(1), |panel, elements| {
            let columns_of = width.min(padded - panel * width);
            for (row, elements) in elements.chunks_mut(columns_of).enumerate() {
                for (column, element) in (panel * width..).zip(elements) {
                    *element = if column < columns { at(row, column) } else { T::ZERO };
                }
            }
        });
        let mut start = bias.map_or_else(Vec::new, <[T]>::to_vec);
        start.resize(padded, T::ZERO);
        Self { depth, columns: padded, width, panels, start }
    }

    /// `out = bias + a matrix`: `a` has rows of `depth` elements, `out` as many of `columns`.
    #[inline(always)]
    pub(super) fn multiply<S: Simd>(&self, simd: S, a: &[T], out: &mut [T]) {
        for first in (0..self.columns).step_by(self.width) {
            let columns = first..self.columns.min(first + self.width);
            let product = Product {
                a,
                a_row: self.depth,
                a_step: 1,
                segments: &[0],
                depth: self.depth,
                b: &self.panels[first * self.depth..][..columns.len() * self.depth],
                b_step: columns.len(),
                c: SharedSlice::new(&mut out[first..]),
                c_row: self.columns,
                rows: a.len() / self.depth,
                vectors: columns.len() / T::lanes::<S>(),
                start: Start::Row(&self.start[columns]),
                ahead: None,
            };
            product.run(simd);
        }
    }
}
