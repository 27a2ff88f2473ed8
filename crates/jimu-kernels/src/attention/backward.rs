//! The gradients.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::forward::hide_later;
use super::rows::{self, Left, Rows, multiply, multiply_panels, scale, transpose_to_panels};
use super::{Attention, AttentionElement, KEYS, Mask, ROWS, Target};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::shared::SharedSlice;
use crate::strided::Operand;

/// A call's operands and results.
#[doc(hidden)]
pub struct Backward<'a, T> {
    pub(super) attention: &'a Attention<'a>,
    pub(super) inputs: [Operand<'a, T>; 3],
    pub(super) mask: Mask<'a, T>,
    pub(super) out: Operand<'a, T>,
    pub(super) grad: Operand<'a, T>,
    pub(super) statistics: &'a [T],
    pub(super) kept: &'a [T],
    pub(super) targets: [&'a Target<'a, T>; 3],
    /// Into how many parts the blocks of keys of a head are cut. If more than one, the queries' gradients go to `partial`,
    /// [heads, parts, queries, width].
    pub(super) parts: usize,
    pub(super) partial: &'a SharedSlice<'a, T>,
}

/// Some parts of the keys, counted through all heads.
pub(super) struct Tasks<'a, T> {
    pub(super) pass: &'a Backward<'a, T>,
    pub(super) tasks: Range<usize>,
}

/// The memory of a task.
struct Scratch<T: bytemuck::Pod> {
    /// Of a block of queries: themselves times the scale, their outputs and the gradients of those.
    query: Buffer<T>,
    out: Buffer<T>,
    grad: Buffer<T>,
    /// Of a block of keys: themselves, and themselves and their values transposed.
    key: Buffer<T>,
    key_panels: Buffer<T>,
    value: Buffer<T>,
    value_panels: Buffer<T>,
    /// Of both: the weights, where they are not kept, and the gradients of the scores.
    weights: Buffer<T>,
    slopes: Buffer<T>,
    of_query: Buffer<T>,
    of_key: Buffer<T>,
    of_value: Buffer<T>,
}

impl<T: AttentionElement> WithSimd for Tasks<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let attention = self.pass.attention;
        let whole = |count: usize| count.next_multiple_of(T::lanes::<S>());
        let (rows, keys) = (ROWS.min(attention.queries), KEYS.min(attention.keys));
        let (width, value_width) = (whole(attention.width), whole(attention.value_width));
        let computed = if attention.keeps() { 0 } else { 1 };
        let mut scratch = Scratch {
            query: Buffer::unspecified(rows * width),
            grad: Buffer::unspecified(rows * value_width),
            out: Buffer::unspecified(rows * value_width),
            key: Buffer::unspecified(keys * width),
            key_panels: Buffer::unspecified(computed * whole(keys) * attention.width),
            value: Buffer::unspecified(keys * value_width),
            value_panels: Buffer::unspecified(whole(keys) * attention.value_width),
            weights: Buffer::unspecified(computed * rows * whole(keys)),
            slopes: Buffer::unspecified(rows * whole(keys)),
            of_query: Buffer::unspecified(attention.queries * width),
            of_key: Buffer::unspecified(keys * width),
            of_value: Buffer::unspecified(keys * value_width),
        };
        for task in self.tasks {
            self.pass.part(simd, task / self.pass.parts, task % self.pass.parts, &mut scratch);
        }
    }
}

impl<T: AttentionElement> Backward<'_, T> {
    /// The gradients of a part of the keys of a head, and what they bring to those of all its queries.
    #[inline(always)]
    fn part<S: Simd>(&self, simd: S, head: usize, part: usize, scratch: &mut Scratch<T>) {
        let attention = self.attention;
        // With one part the first block of keys, if there is one, reaches all queries.
        if self.parts > 1 || attention.keys == 0 {
            scratch.of_query.fill(T::ZERO);
        }
        let blocks = balanced(attention.keys.div_ceil(KEYS), self.parts, part);
        for first in blocks.map(|block| block * KEYS) {
            self.keys(simd, head, &(first..attention.keys.min(first + KEYS)), scratch);
        }
        let width = attention.width.next_multiple_of(T::lanes::<S>());
        scale(&mut scratch.of_query, T::nearest(attention.scale));
        if self.parts == 1 {
            return write(self.targets[0], attention.heads, head, 0..attention.queries, &scratch.of_query, width);
        }
        let size = attention.queries * attention.width;
        // SAFETY: each part of the keys of a head is one task's.
        let partial = unsafe { self.partial.part((head * self.parts + part) * size, size) };
        for (to, from) in partial.chunks_exact_mut(attention.width.max(1)).zip(scratch.of_query.chunks_exact(width)) {
            to.copy_from_slice(&from[..attention.width]);
        }
    }

    /// The gradients of a block of keys and of their values.
    #[inline(always)]
    fn keys<S: Simd>(&self, simd: S, head: usize, keys: &Range<usize>, scratch: &mut Scratch<T>) {
        let Attention { heads, queries, width, value_width, causal, .. } = *self.attention;
        let (step, value_step) =
            (width.next_multiple_of(T::lanes::<S>()), value_width.next_multiple_of(T::lanes::<S>()));
        Rows::of(&self.inputs[1], heads, head, width).pack(simd, keys, &mut scratch.key, step);
        if !self.attention.keeps() {
            transpose_to_panels::<T, S>(&mut scratch.key_panels, &scratch.key, step, keys.len(), width);
        }
        Rows::of(&self.inputs[2], heads, head, value_width).pack(simd, keys, &mut scratch.value, value_step);
        transpose_to_panels::<T, S>(&mut scratch.value_panels, &scratch.value, value_step, keys.len(), value_width);
        // Queries before all of these keys do not attend to them.
        let start = if causal { keys.start / ROWS * ROWS } else { 0 };
        if start >= queries {
            scratch.of_key.fill(T::ZERO);
            scratch.of_value.fill(T::ZERO);
        }
        for first in (start..queries).step_by(ROWS) {
            self.block(simd, head, &(first..queries.min(first + ROWS)), keys, first > start, scratch);
        }
        write(self.targets[1], heads, head, keys.clone(), &scratch.of_key, step);
        write(self.targets[2], heads, head, keys.clone(), &scratch.of_value, value_step);
    }

    /// What a block of queries and a block of keys bring to the gradients of each.
    #[inline(always)]
    fn block<S: Simd>(
        &self,
        simd: S,
        head: usize,
        rows: &Range<usize>,
        keys: &Range<usize>,
        accumulate: bool,
        scratch: &mut Scratch<T>,
    ) {
        let Attention { heads, queries, width, value_width, scale: factor, .. } = *self.attention;
        let whole = |count: usize| count.next_multiple_of(T::lanes::<S>());
        let (width_step, value_step, step) = (whole(width), whole(value_width), whole(keys.len()));
        let Scratch { query, grad, out, key, key_panels, value_panels, weights, slopes, .. } = scratch;
        Rows::of(&self.inputs[0], heads, head, width).pack(simd, rows, query, width_step);
        scale(&mut query[..rows.len() * width_step], T::nearest(factor));
        Rows::of(&self.grad, heads, head, value_width).pack(simd, rows, grad, value_step);
        Rows::of(&self.out, heads, head, value_width).pack(simd, rows, out, value_step);
        let statistics = &self.statistics[2 * head * queries..][..2 * queries];
        let (largest, factors) = (&statistics[..queries][rows.clone()], &statistics[queries..][rows.clone()]);
        let weights = match self.attention.keeps() {
            false => {
                let left = Left { data: query, row: width_step, step: 1, rows: rows.len(), depth: width };
                multiply_panels(simd, left, key_panels, keys.len(), weights, step);
                self.weigh(head, rows, keys, largest, weights, step);
                &weights[..]
            }
            true => &self.kept[(head * queries + rows.start) * step..][..rows.len() * step],
        };
        let left = Left { data: grad, row: value_step, step: 1, rows: rows.len(), depth: value_width };
        multiply_panels(simd, left, value_panels, keys.len(), slopes, step);
        for (i, &factor) in factors.iter().enumerate() {
            let (grad, out) = (&mut grad[i * value_step..][..value_step], &out[i * value_step..][..value_step]);
            let product = rows::dot(simd, grad, out);
            let weights = &weights[i * step..][..keys.len()];
            for (slope, &weight) in slopes[i * step..].iter_mut().zip(weights) {
                *slope = weight * factor * (*slope - product);
            }
            // The factor that the kept weights lack.
            scale(grad, factor);
        }
        let transposed = |data| Left { data, row: 1, step, rows: keys.len(), depth: rows.len() };
        multiply(simd, transposed(weights), grad, &mut scratch.of_value, value_step, accumulate);
        multiply(simd, transposed(slopes), query, &mut scratch.of_key, width_step, accumulate);
        let left = Left { data: slopes, row: step, step: 1, rows: rows.len(), depth: keys.len() };
        let of_query = &mut scratch.of_query[rows.start * width_step..];
        multiply(simd, left, key, of_query, width_step, self.parts > 1 || keys.start > 0);
    }

    /// Makes weights of scores, not yet divided by their sums.
    #[inline(always)]
    fn weigh(
        &self,
        head: usize,
        rows: &Range<usize>,
        keys: &Range<usize>,
        largest: &[T],
        scores: &mut [T],
        step: usize,
    ) {
        for (i, (row, &largest)) in rows.clone().zip(largest).enumerate() {
            let scores = &mut scores[i * step..][..keys.len()];
            self.mask.apply(self.attention.heads, head, row, keys, scores);
            if self.attention.causal {
                hide_later(row, keys, scores);
            }
            for score in scores {
                *score = (*score - largest).exp_of_negative();
            }
        }
    }
}

/// Writes rows of `step` numbers to some rows of a head.
#[inline(always)]
fn write<T: AttentionElement>(
    target: &Target<'_, T>,
    heads: &[usize],
    head: usize,
    rows: Range<usize>,
    from: &[T],
    step: usize,
) {
    for (row, from) in rows.zip(from.chunks_exact(step.max(1))) {
        // SAFETY: the rows of these keys, or of the head's queries, are this task's alone, and it takes one at a time.
        let to = unsafe { target.row(heads, head, row) };
        // A loop and no call: rows are short.
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from;
        }
    }
}
