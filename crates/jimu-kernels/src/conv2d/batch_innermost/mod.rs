//! Convolution with the batch innermost: `[C, H, W, N]`, one SIMD lane per image.
//!
//! Every lane does the same work on its own image, so that no lane idles however small the image or few the channels,
//! weights are broadcasts, and no patch is ever copied out.
//!
//! # Forward and gradient of the input (`gather.rs`)
//! Both are "each target pixel sums taps of source pixels" and share one kernel; [`Axis`](super::window::Axis) says
//! which taps. A task owns a block of `V` vectors of images and some target rows. It
//! 1. copies the source rows it needs into a panel `[channel][row][column][V vectors]`: neighbouring pixels of a block
//!    of images, kilobytes apart in the tensor, become neighbouring cache lines, and a part-filled last vector is
//!    filled up with zeros, so that the arithmetic has no special cases;
//! 2. for each target row, block of `O` target channels and `P` neighbouring target pixels, sums all taps into `O x P x V`
//!    registers, from the bias on: a tap is `P V` loads, `O` broadcasts and `O P V` multiply-adds;
//! 3. applies the activation and stores. Where only the greatest of each window of 2x2 is wanted (`../windows.rs`), two rows of
//!    some columns at a time are stored in a buffer of the task, and from there pooled.
//!
//! If the batch is as many images as a task has, the tensor is the panel, and nothing is copied.
//!
//! | | `O` | `V` | `P` |
//! |---|---|---|---|
//! | 32 registers (AVX-512, NEON) | up to 6 | 4, or 2 or 1 for what is left of the batch | 1, 2, 4 |
//! | 16 registers (AVX2) | up to 6 | 2, or 1 for what is left of the batch | 1, 2 |
//!
//! Pixels that meet other taps than their neighbours, at the borders or with a stride, are summed one by one.
//!
//! Target channels are cut into blocks that differ by at most one, not into full blocks and a small rest.
//!
//! # Gradient of the weight (`sliding.rs`, `weight.rs`)
//! An outer product over pixels and images: rows of 3 or 5 taps a pixel apart by `sliding.rs`, if there are whole vectors of
//! images, the others by `weight.rs`.

mod gather;
mod sliding;
mod weight;

use std::ops::Range;

use super::{ConvElement, Geometry, add_in_order};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::machine;
use crate::threads;

pub(super) use gather::{backward_input, forward};
pub(super) use sliding::{backward_weight_pooled, suits as slides};
pub(super) use weight::backward_weight;

/// Most tasks that a gradient of the weight is cut into: each has a copy of it.
const MAX_TASKS: usize = 16;
/// Fewest output pixels of a vector of images in a task, as far as there are several: to sum a weight's lanes takes a task as
/// long as the products of a dozen of them.
const MIN_PIXELS: usize = 192;

/// The gradient of the weight as a sum over so many units of images and rows: `task` writes a range's part. The tasks' parts are
/// added in order.
pub(super) fn sum_units<T: ConvElement>(
    geometry: &Geometry,
    units: usize,
    grad_weight: &mut [T],
    task: impl Fn(Range<usize>, &mut [T]) + Sync,
) {
    let [height, width] = geometry.output();
    let pixels = height * width * geometry.batch.div_ceil(machine::<T>().lanes);
    let tasks = (pixels / MIN_PIXELS).clamp(1, MAX_TASKS.min(units));
    let mut partials = Buffer::unspecified(tasks * grad_weight.len());
    threads::parallel_chunks_mut(&mut partials, grad_weight.len(), |index, partial| {
        task(balanced(units, tasks, index), partial);
    });
    add_in_order(&partials, grad_weight);
}

/// The most rows of up to `height` that take no more than `limit` bytes, but one at least.
pub(super) fn rows_that_fit(height: usize, limit: usize, bytes: impl Fn(usize) -> usize) -> usize {
    (2..=height).rev().find(|&rows| bytes(rows) <= limit).unwrap_or(1)
}
