//! The output.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::rows::{self, Left, Rows, multiply, multiply_panels, scale, transpose_to_panels};
use super::{Attention, AttentionElement, KEYS, Mask, ROWS, Target};
use crate::buffer::Buffer;
use crate::shared::SharedSlice;
use crate::softmax::larger;
use crate::strided::Operand;

/// A call's operands and results.
#[doc(hidden)]
pub struct Forward<'a, T> {
    pub(super) attention: &'a Attention<'a>,
    pub(super) inputs: [Operand<'a, T>; 3],
    pub(super) mask: Mask<'a, T>,
    pub(super) out: &'a Target<'a, T>,
    /// No elements, if nobody wants them; so `kept`.
    pub(super) statistics: &'a SharedSlice<'a, T>,
    pub(super) kept: &'a SharedSlice<'a, T>,
}

/// Some blocks of queries, counted through all heads.
pub(super) struct Blocks<'a, T> {
    pub(super) pass: &'a Forward<'a, T>,
    pub(super) blocks: Range<usize>,
}

/// The memory of a task.
struct Scratch<T: bytemuck::Pod> {
    query: Buffer<T>,
    key: Buffer<T>,
    panels: Buffer<T>,
    value: Buffer<T>,
    scores: Buffer<T>,
    sums: Buffer<T>,
    /// Of each query, the largest score and the sum of the weights so far.
    largest: [T; ROWS],
    total: [T; ROWS],
}

impl<T: AttentionElement> WithSimd for Blocks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let attention = self.pass.attention;
        let whole = |count: usize| count.next_multiple_of(T::lanes::<S>());
        let (rows, keys) = (ROWS.min(attention.queries), KEYS.min(attention.keys));
        let (width, value_width) = (whole(attention.width), whole(attention.value_width));
        let mut scratch = Scratch {
            query: Buffer::unspecified(rows * width),
            key: Buffer::unspecified(keys * width),
            panels: Buffer::unspecified(whole(keys) * attention.width),
            value: Buffer::unspecified(keys * value_width),
            scores: Buffer::unspecified(rows * whole(keys)),
            sums: Buffer::unspecified(rows * value_width),
            largest: [T::ZERO; ROWS],
            total: [T::ZERO; ROWS],
        };
        for block in self.blocks {
            let (head, first) = (block / attention.row_blocks(), block % attention.row_blocks() * ROWS);
            self.pass.block(simd, head, first..attention.queries.min(first + ROWS), &mut scratch);
        }
    }
}

impl<T: AttentionElement> Forward<'_, T> {
    #[inline(always)]
    fn block<S: Simd>(&self, simd: S, head: usize, rows: Range<usize>, scratch: &mut Scratch<T>) {
        let attention = self.attention;
        let width = attention.width.next_multiple_of(T::lanes::<S>());
        Rows::of(&self.inputs[0], attention.heads, head, attention.width).pack(simd, &rows, &mut scratch.query, width);
        scale(&mut scratch.query[..rows.len() * width], T::nearest(attention.scale));
        scratch.largest = [T::of(f64::NEG_INFINITY); ROWS];
        scratch.total = [T::ZERO; ROWS];
        for first in (0..attention.reach(&rows)).step_by(KEYS) {
            let keys = first..attention.keys.min(first + KEYS);
            self.keys(simd, head, &rows, &keys, scratch);
        }
        self.finish::<S>(head, &rows, scratch);
    }

    /// Adds the part of a block of keys to the sums.
    #[inline(always)]
    fn keys<S: Simd>(&self, simd: S, head: usize, rows: &Range<usize>, keys: &Range<usize>, scratch: &mut Scratch<T>) {
        let attention = self.attention;
        let whole = |count: usize| count.next_multiple_of(T::lanes::<S>());
        let (width, value_width, step) = (whole(attention.width), whole(attention.value_width), whole(keys.len()));
        let Scratch { query, key, panels, value, scores, sums, largest, total } = scratch;
        Rows::of(&self.inputs[1], attention.heads, head, attention.width).pack(simd, keys, key, width);
        transpose_to_panels::<T, S>(panels, key, width, keys.len(), attention.width);
        Rows::of(&self.inputs[2], attention.heads, head, attention.value_width).pack(simd, keys, value, value_width);
        let scores = match self.kept.len() {
            0 => &mut scores[..],
            // SAFETY: the weights of these queries are this task's alone, and used nowhere else in it.
            _ => unsafe { self.kept.part((head * attention.queries + rows.start) * step, rows.len() * step) },
        };
        let left = Left { data: query, row: width, step: 1, rows: rows.len(), depth: attention.width };
        multiply_panels(simd, left, panels, keys.len(), scores, step);
        let mut factors = [T::ZERO; ROWS];
        for (i, row) in rows.clone().enumerate() {
            let scores = &mut scores[i * step..][..step];
            self.hide(head, row, keys, scores);
            factors[i] = larger(largest[i], rows::largest(simd, scores));
        }
        // Over all queries at once, since an exponential by itself takes as long as sixteen.
        for (largest, factor) in largest.iter_mut().zip(&mut factors) {
            let found = *factor;
            *factor = (*largest - finite(found)).exp();
            *largest = found;
        }
        for i in 0..rows.len() {
            let (scores, base) = (&mut scores[i * step..][..step], finite(largest[i]));
            for score in scores.iter_mut() {
                *score = (*score - base).exp_of_negative();
            }
            total[i] = total[i] * factors[i] + rows::sum(simd, scores);
            if keys.start > 0 && factors[i] != T::of(1.0) {
                scale(&mut sums[i * value_width..][..value_width], factors[i]);
            }
        }
        let left = Left { data: scores, row: step, step: 1, rows: rows.len(), depth: keys.len() };
        multiply(simd, left, value, sums, value_width, keys.start > 0);
    }

    /// Masks the scores of a query, and those behind the last key.
    #[inline(always)]
    fn hide(&self, head: usize, row: usize, keys: &Range<usize>, scores: &mut [T]) {
        let (scores, rest) = scores.split_at_mut(keys.len());
        rest.fill(T::of(f64::NEG_INFINITY));
        self.mask.apply(self.attention.heads, head, row, keys, scores);
        if self.attention.causal {
            hide_later(row, keys, scores);
        }
    }

    /// Divides by the sums of the weights, and writes the results.
    #[inline(always)]
    fn finish<S: Simd>(&self, head: usize, rows: &Range<usize>, scratch: &mut Scratch<T>) {
        let attention = self.attention;
        let value_width = attention.value_width.next_multiple_of(T::lanes::<S>());
        // A query without keys is no mistake if something has hidden them.
        let may_be_empty = self.mask.is_some() || attention.causal || attention.keys == 0;
        if attention.reach(rows) == 0 {
            scratch.sums.fill(T::ZERO);
        }
        for (i, row) in rows.clone().enumerate() {
            let factor = &mut scratch.total[i];
            *factor = if may_be_empty && *factor == T::ZERO { T::ZERO } else { factor.recip() };
            // SAFETY: these queries are this task's alone, and it takes one row at a time.
            let out = unsafe { self.out.row(attention.heads, head, row) };
            for (out, &sum) in out.iter_mut().zip(&scratch.sums[i * value_width..]) {
                *out = sum * *factor;
            }
        }
        if self.statistics.len() > 0 {
            scratch.largest.iter_mut().for_each(|largest| *largest = finite(*largest));
            let start = 2 * head * attention.queries + rows.start;
            for (at, from) in [(start, &scratch.largest), (start + attention.queries, &scratch.total)] {
                // SAFETY: the statistics of these queries are this task's alone.
                unsafe { self.statistics.part(at, rows.len()) }.copy_from_slice(&from[..rows.len()]);
            }
        }
    }
}

/// Hides the keys that come after the query.
#[inline(always)]
pub(super) fn hide_later<T: AttentionElement>(row: usize, keys: &Range<usize>, scores: &mut [T]) {
    let visible = (row + 1).saturating_sub(keys.start).min(scores.len());
    scores[visible..].fill(T::of(f64::NEG_INFINITY));
}

/// What is subtracted from scores the largest of which is this: where all keys are hidden every weight is to be 0.
#[inline(always)]
fn finite<T: AttentionElement>(largest: T) -> T {
    if largest == T::of(f64::NEG_INFINITY) { T::ZERO } else { largest }
}
