//! A few rows times a matrix that stays the same from step to step, and so is packed once.

use pulp::Simd;

use crate::buffer::Buffer;
use crate::lanes::{Lanes, machine};
use crate::threads::parallel_chunks_mut;

/// Registers in a row of a tile.
const WIDE: usize = 2;

/// A matrix of `depth` rows as panels of `WIDE` registers' columns, the last filled up with zeros; and what each product
/// begins with.
pub(super) struct Packed<T: Lanes> {
    depth: usize,
    /// The columns of the panels together.
    pub(super) columns: usize,
    panels: Buffer<T>,
    bias: Vec<T>,
}

impl<T: Lanes> Packed<T> {
    /// The matrix whose elements `at(row, column)` gives.
    pub(super) fn new(
        (depth, columns): (usize, usize),
        bias: Option<&[T]>,
        at: impl Fn(usize, usize) -> T + Sync,
    ) -> Self {
        let wide = WIDE * machine::<T>().lanes;
        let padded = columns.next_multiple_of(wide);
        let mut panels = Buffer::unspecified(padded * depth);
        parallel_chunks_mut(&mut panels, (wide * depth).max(1), |panel, elements| {
            for (row, elements) in elements.chunks_mut(wide).enumerate() {
                for (lane, element) in elements.iter_mut().enumerate() {
                    let column = panel * wide + lane;
                    *element = if column < columns { at(row, column) } else { T::ZERO };
                }
            }
        });
        let mut start = bias.map_or_else(Vec::new, <[T]>::to_vec);
        start.resize(padded, T::ZERO);
        Self { depth, columns: padded, panels, bias: start }
    }

    /// `out = bias + a matrix`: `a` has rows of `depth` elements, `out` as many of `columns`.
    #[inline(always)]
    pub(super) fn multiply<S: Simd>(&self, simd: S, a: &[T], out: &mut [T]) {
        let wide = WIDE * T::lanes::<S>();
        let rows = a.len() / self.depth;
        let largest = if S::REGISTER_COUNT >= 32 { 8 } else { 4 };
        let panels = self.panels.chunks_exact(wide * self.depth).zip(self.bias.chunks_exact(wide));
        for (index, (panel, bias)) in panels.enumerate() {
            let panel = T::as_vectors::<S>(panel).0.as_chunks::<WIDE>().0;
            let bias = T::as_vectors::<S>(bias).0.as_chunks::<WIDE>().0[0];
            let mut first = 0;
            while first < rows {
                let (a, out) = (&a[first * self.depth..], &mut out[first * self.columns + index * wide..]);
                first += match rows - first {
                    8.. if largest == 8 => tile::<T, S, 8>(simd, a, panel, bias, out, self.columns),
                    4.. => tile::<T, S, 4>(simd, a, panel, bias, out, self.columns),
                    2.. => tile::<T, S, 2>(simd, a, panel, bias, out, self.columns),
                    _ => tile::<T, S, 1>(simd, a, panel, bias, out, self.columns),
                };
            }
        }
    }
}

/// `ROWS` rows times a panel, whose length is that of the rows; the results lie `stride` apart. Returns the number of rows.
#[inline(always)]
fn tile<T: Lanes, S: Simd, const ROWS: usize>(
    simd: S,
    a: &[T],
    panel: &[[T::Vector<S>; WIDE]],
    bias: [T::Vector<S>; WIDE],
    out: &mut [T],
    stride: usize,
) -> usize {
    let depth = panel.len();
    let rows: [&[T]; ROWS] = std::array::from_fn(|row| &a[row * depth..][..depth]);
    let mut sums = [bias; ROWS];
    for (at, vectors) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let value = T::splat(simd, row[at]);
            for (sum, &vector) in sums.iter_mut().zip(vectors) {
                *sum = T::mul_add(simd, value, vector, *sum);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        T::as_vectors_mut::<S>(&mut out[row * stride..][..WIDE * T::lanes::<S>()]).0.copy_from_slice(sums);
    }
    ROWS
}
