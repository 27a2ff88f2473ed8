//! Rows as the products read them: packed, each padded to whole vectors, or transposed, in panels of a few vectors.

use std::ops::Range;

use pulp::Simd;

use super::AttentionElement;
use super::target::position;
use crate::lanes::copy_short;
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::strided::Operand;
use crate::transpose::transpose;

/// The rows of one head.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    data: &'a [T],
    row: usize,
    column: usize,
    width: usize,
}

impl<'a, T: AttentionElement> Rows<'a, T> {
    #[inline(always)]
    pub(super) fn of(operand: &Operand<'a, T>, heads: &[usize], head: usize, width: usize) -> Self {
        let start = operand.offset + position(heads, operand.strides, head);
        let (row, column) = (operand.strides[heads.len()], operand.strides[heads.len() + 1]);
        Self { data: operand.data.get(start..).unwrap_or(&[]), row, column, width }
    }

    /// Copies some rows to rows of `step` numbers, zeros behind each.
    #[inline(always)]
    pub(super) fn pack<S: Simd>(&self, simd: S, rows: &Range<usize>, to: &mut [T], step: usize) {
        if self.width == 0 {
            return;
        }
        for (to, row) in to.chunks_exact_mut(step).zip(rows.clone()) {
            let from = &self.data[row * self.row..][..(self.width - 1) * self.column + 1];
            if self.column == 1 {
                copy_short(simd, to, from);
            } else {
                to.fill(T::ZERO);
                to.iter_mut().take(self.width).enumerate().for_each(|(i, to)| *to = from[i * self.column]);
            }
        }
    }
}

/// Multiplies all numbers by one.
#[inline(always)]
pub(super) fn scale<T: AttentionElement>(numbers: &mut [T], factor: T) {
    numbers.iter_mut().for_each(|number| *number = *number * factor);
}

/// The largest of whole vectors; NaN is passed over, as it comes back with the exponentials.
#[inline(always)]
pub(super) fn largest<T: AttentionElement, S: Simd>(simd: S, row: &[T]) -> T {
    let mut largest = T::splat(simd, T::of(f64::NEG_INFINITY));
    for &vector in T::as_vectors::<S>(row).0 {
        largest = T::max_lanes(simd, vector, largest);
    }
    T::largest_lane(simd, largest)
}

/// The sum of whole vectors.
#[inline(always)]
pub(super) fn sum<T: AttentionElement, S: Simd>(simd: S, row: &[T]) -> T {
    let mut sum = T::splat(simd, T::ZERO);
    for &vector in T::as_vectors::<S>(row).0 {
        sum = T::add_lanes(simd, sum, vector);
    }
    T::sum_lanes(simd, sum)
}

/// The inner product of whole vectors.
#[inline(always)]
pub(super) fn dot<T: AttentionElement, S: Simd>(simd: S, a: &[T], b: &[T]) -> T {
    let mut sum = T::splat(simd, T::ZERO);
    for (&a, &b) in T::as_vectors::<S>(a).0.iter().zip(T::as_vectors::<S>(b).0) {
        sum = T::mul_add(simd, a, b, sum);
    }
    T::sum_lanes(simd, sum)
}

/// Numbers in the widest row of a product.
#[inline(always)]
fn panel<T: AttentionElement, S: Simd>() -> usize {
    widest(S::REGISTER_COUNT) * T::lanes::<S>()
}

/// The transpose of `count` packed rows, in panels one after the other: each of `depth` rows of as many numbers as the
/// panel has vectors for, zeros in the columns behind the last row.
#[inline(always)]
pub(super) fn transpose_to_panels<T: AttentionElement, S: Simd>(
    to: &mut [T],
    from: &[T],
    step: usize,
    count: usize,
    depth: usize,
) {
    // Nothing to copy.
    if depth == 0 {
        return;
    }
    for first in (0..count).step_by(panel::<T, S>()) {
        let rows = panel::<T, S>().min(count - first);
        let width = rows.next_multiple_of(T::lanes::<S>());
        let to = &mut to[first * depth..][..depth * width];
        transpose(to, width, (&from[first * step..], step), rows, depth);
        if width > rows {
            to.chunks_exact_mut(width).for_each(|to| to[rows..].fill(T::ZERO));
        }
    }
}

/// The left operand of a product, whose element (o, r) lies at `o * row + r * step`.
#[derive(Clone, Copy)]
pub(super) struct Left<'a, T> {
    pub(super) data: &'a [T],
    pub(super) row: usize,
    pub(super) step: usize,
    pub(super) rows: usize,
    pub(super) depth: usize,
}

/// `c = a b` or `c += a b`; rows of `b` and `c` are whole vectors, packed.
#[inline(always)]
pub(super) fn multiply<T: AttentionElement, S: Simd>(
    simd: S,
    a: Left<'_, T>,
    b: &[T],
    c: &mut [T],
    width: usize,
    accumulate: bool,
) {
    for first in (0..width).step_by(panel::<T, S>()) {
        let columns = panel::<T, S>().min(width - first);
        part(simd, a, (&b[first..], width), (&mut c[first..], width), columns, accumulate);
    }
}

/// `c = a b`, where `b` are the panels of `count` columns, and rows of `c` are `width` numbers long.
#[inline(always)]
pub(super) fn multiply_panels<T: AttentionElement, S: Simd>(
    simd: S,
    a: Left<'_, T>,
    b: &[T],
    count: usize,
    c: &mut [T],
    width: usize,
) {
    for first in (0..count).step_by(panel::<T, S>()) {
        let columns = panel::<T, S>().min(count - first).next_multiple_of(T::lanes::<S>());
        part(simd, a, (&b[first * a.depth..], columns), (&mut c[first..], width), columns, false);
    }
}

#[inline(always)]
fn part<T: AttentionElement, S: Simd>(
    simd: S,
    a: Left<'_, T>,
    (b, b_step): (&[T], usize),
    (c, c_row): (&mut [T], usize),
    columns: usize,
    accumulate: bool,
) {
    let product = Product {
        a: a.data,
        a_row: a.row,
        a_step: a.step,
        segments: if a.depth == 0 { &[] } else { &[0] },
        depth: a.depth,
        b,
        b_step,
        c: SharedSlice::new(c),
        c_row,
        rows: a.rows,
        vectors: columns / T::lanes::<S>(),
        start: if accumulate { Start::Sums } else { Start::Zero },
        ahead: None,
    };
    product.run(simd);
}
