//! Operands in pairs: two neighbours along k beside each other, the first in the lower half of 32 bits.

use super::Values;
use super::convert::Source;
use crate::gemm::Strides;
use crate::simd;
use crate::transpose::transpose;

/// Pairs of a row that are rounded before they are transposed: together they stay in the nearest cache.
const STRIP: usize = 32;
/// Most rows packed at once.
pub(super) const MOST_ROWS: usize = 64;

/// Pairs in `depth` numbers; the last may be filled up with a zero.
pub(super) fn pairs(depth: usize) -> usize {
    depth.div_ceil(2)
}

/// Writes `rows` rows of `depth` numbers as `[pairs][width]`, zeros after the last row.
pub(super) fn across(to: &mut [u32], width: usize, from: Values<'_>, strides: Strides, rows: usize, depth: usize) {
    let to = &mut to[..pairs(depth) * width];
    match from {
        Values::F32(from) => across_of(to, width, from, strides, rows, depth),
        Values::Bf16(from) => across_of(to, width, from, strides, rows, depth),
    }
}

/// Writes `rows` rows of `depth` neighbouring numbers as `[rows][pairs]`, rows of `to` `to_step` apart.
pub(super) fn along(to: &mut [u32], to_step: usize, from: Values<'_>, row_step: usize, rows: usize, depth: usize) {
    match from {
        Values::F32(from) => along_of(to, to_step, from, row_step, rows, depth),
        Values::Bf16(from) => along_of(to, to_step, from, row_step, rows, depth),
    }
}

fn across_of<T: Source>(
    to: &mut [u32],
    width: usize,
    from: &[T],
    (row_step, step): Strides,
    rows: usize,
    depth: usize,
) {
    if row_step == 1 {
        simd::dispatch(
            #[inline(always)]
            || interleave(to, width, from, step, rows, depth),
        );
    } else if step == 1 {
        let mut strip = [0; MOST_ROWS * STRIP];
        for (index, to) in to.chunks_mut(STRIP * width).enumerate() {
            let (first, pairs) = (2 * STRIP * index, to.len() / width);
            along_of(&mut strip, STRIP, &from[first..], row_step, rows, (depth - first).min(2 * STRIP));
            transpose(to, width, (&strip, STRIP), rows, pairs);
        }
    } else {
        for (p, to) in to.chunks_exact_mut(width).enumerate() {
            for (i, to) in to.iter_mut().take(rows).enumerate() {
                let bits = |p: usize| if p < depth { u32::from(from[i * row_step + p * step].bits()) } else { 0 };
                *to = bits(2 * p) | bits(2 * p + 1) << 16;
            }
        }
    }
    if rows < width {
        to.chunks_exact_mut(width).for_each(|to| to[rows..].fill(0));
    }
}

/// Rows that are neighbours: a pair of columns at a time.
#[inline(always)]
fn interleave<T: Source>(to: &mut [u32], width: usize, from: &[T], step: usize, rows: usize, depth: usize) {
    for (p, to) in to.chunks_exact_mut(width).enumerate() {
        let (to, low) = (&mut to[..rows], &from[2 * p * step..][..rows]);
        if 2 * p + 1 < depth {
            let high = &from[(2 * p + 1) * step..][..rows];
            to.iter_mut().zip(low).zip(high).for_each(
                #[inline(always)]
                |((to, low), high)| *to = u32::from(low.bits()) | u32::from(high.bits()) << 16,
            );
        } else {
            to.iter_mut().zip(low).for_each(
                #[inline(always)]
                |(to, low)| *to = u32::from(low.bits()),
            );
        }
    }
}

fn along_of<T: Source>(to: &mut [u32], to_step: usize, from: &[T], row_step: usize, rows: usize, depth: usize) {
    simd::dispatch(
        #[inline(always)]
        || {
            for row in 0..rows {
                let (to, from) = (&mut to[row * to_step..][..pairs(depth)], &from[row * row_step..][..depth]);
                let to: &mut [u16] = bytemuck::cast_slice_mut(to);
                to[..depth].iter_mut().zip(from).for_each(
                    #[inline(always)]
                    |(to, from)| *to = from.bits(),
                );
                to[depth..].fill(0);
            }
        },
    );
}
