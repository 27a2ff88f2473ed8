//! The weights' transform.

use pulp::{Simd, WithSimd};

use super::super::ConvElement;
use super::rule::{Line, MAX_POINTS, Rule};
use super::tiles::{Strip, with_rule};
use crate::buffer::Buffer;
use crate::lanes::{Lanes, machine};
use crate::simd;

/// Transformed weights of each strip, `[point][row of taps]`, the rows filled up to whole vectors.
pub(super) struct Weights<T: Lanes> {
    values: Buffer<T>,
    /// Where each strip starts, and where the last one ends.
    starts: [usize; 3],
}

impl<T: Lanes> Weights<T> {
    /// The weights of a strip.
    pub fn strip(&self, index: usize) -> &[T] {
        &self.values[self.starts[index]..self.starts[index + 1]]
    }
}

/// Transforms `rows` rows of `taps` taps; `row_of` says which row of `weight` a row is.
pub(super) fn transform<T: ConvElement>(
    strips: &[Strip],
    taps: usize,
    rows: usize,
    weight: &[T],
    row_of: impl Fn(usize) -> usize,
) -> Weights<T> {
    let row_len = rows.next_multiple_of(machine::<T>().lanes);
    let mut planes = Buffer::<T>::zeroed(taps * row_len);
    for row in 0..rows {
        let from = &weight[row_of(row) * taps..][..taps];
        for (tap, &value) in from.iter().enumerate() {
            planes[tap * row_len + row] = value;
        }
    }
    let mut starts = [0; 3];
    for index in 0..2 {
        starts[index + 1] = starts[index] + strips.get(index).map_or(0, |strip| strip.points() * row_len);
    }
    let mut values = Buffer::unspecified(starts[2]);
    for (index, strip) in strips.iter().enumerate() {
        let to = &mut values[starts[index]..starts[index + 1]];
        simd::dispatch(Transform { strip, planes: &planes, row_len, to });
    }
    Weights { values, starts }
}

struct Transform<'a, T> {
    strip: &'a Strip,
    /// `[tap][row]`.
    planes: &'a [T],
    row_len: usize,
    to: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Transform<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        with_rule!(self.strip, self.rule::<S>(simd));
    }
}

impl<T: ConvElement> Transform<'_, T> {
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn rule<S: Simd, const P: usize, const M: usize, const R: usize>(&mut self, simd: S) {
        let rule = Rule::<T, S, P>::new(simd);
        let vectors = self.row_len / T::lanes::<S>();
        let planes = T::as_vectors::<S>(self.planes).0;
        let to = T::as_vectors_mut::<S>(self.to).0;
        for at in 0..vectors {
            let mut taps: Line<T::Vector<S>> = [T::splat(simd, T::ZERO); MAX_POINTS];
            for tap in 0..R {
                taps[tap] = planes[tap * vectors + at];
            }
            let transformed = rule.weight::<R>(taps);
            for point in 0..Rule::<T, S, P>::POINTS {
                to[point * vectors + at] = transformed[point];
            }
        }
    }
}
