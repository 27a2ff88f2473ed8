//! The gradient of the weight of `[N, C, H, W]` images, a SIMD lane per pixel of a row of output.
//!
//! The work is cut into units: rows of output, or whole small images, of which a few channels fit the first-level cache. A unit
//! copies its rows of `grad_y`, filled up with zeros to whole vectors, and the padded rows of `x` under them, with the
//! columns of each phase of the stride together: there, every tap of a row of output is a run of neighbouring numbers.
//! Then every weight's sum over the unit is made in a register and added to the task's partial gradient.
//!
//! A task has a fixed range of units and of output channels: the smaller the weight, the more ranges of units, each of
//! which has a gradient of its own; these are added in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{ConvElement, Geometry, add_in_order};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::dots::{Dots, add_lane_sums, largest_block};
use crate::lanes::{Lanes, Machine, machine};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;

/// Tasks to cut the work into.
const TASKS: usize = 16;
/// Numbers in all partial gradients together, if there is more than one.
const PARTIALS_LEN: usize = 1 << 21;
/// Fewest output channels in a task: each task copies all of a group's `x`.
const MIN_CHANNELS: usize = 24;
/// Bytes of one register block's `grad_y` and `x` in a unit: most of a small first-level cache.
const UNIT_BYTES: usize = 24 << 10;

pub(in super::super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    let cut = Cut::new::<T>(geometry);
    let units = cut.units(geometry);
    let len = grad_weight.len();
    let sums = TASKS.min(units).min(PARTIALS_LEN / len).max(1);
    let channel_parts = TASKS.div_ceil(sums * geometry.groups).min(geometry.group_outputs().div_ceil(MIN_CHANNELS));
    let mut partials = Buffer::unspecified(sums * len);
    let shared = SharedSlice::new(&mut partials);
    threads::parallel_for(sums * geometry.groups * channel_parts, |index| {
        let (index, part) = (index / channel_parts, index % channel_parts);
        let (sum, group) = (index / geometry.groups, index % geometry.groups);
        let outputs = balanced(geometry.group_outputs(), channel_parts, part);
        let first = group * geometry.group_outputs() + outputs.start;
        let taps = geometry.taps();
        // SAFETY: a part is one task's output channels in one partial gradient; no two tasks have both the same.
        let partial = unsafe { shared.part(sum * len + first * taps, outputs.len() * taps) };
        simd::dispatch(Task {
            geometry,
            x,
            grad_y,
            group,
            outputs: first..first + outputs.len(),
            units: balanced(units, sums, sum),
            cut: &cut,
            partial,
        });
    });
    add_in_order(&partials, grad_weight);
}

/// How images and rows of output are cut into units: several rows of one image, or all rows of several images.
struct Cut {
    images: usize,
    rows: usize,
    row_blocks: usize,
}

impl Cut {
    fn new<T: Lanes>(geometry: &Geometry) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let [outputs, taps] = largest_block(registers);
        let channels = taps.div_ceil(geometry.kernel[0] * geometry.kernel[1]);
        let height = geometry.output()[0];
        let bytes = |rows: usize| {
            let copy = Copy::new(geometry, rows, lanes);
            (outputs * rows * copy.y_width + channels * copy.plane_len()) * size_of::<T>()
        };
        let fitting = (1..=height).rev().find(|&rows| bytes(rows) <= UNIT_BYTES).unwrap_or(1);
        let row_blocks = height.div_ceil(fitting);
        let images = if row_blocks > 1 { 1 } else { (UNIT_BYTES / bytes(height)).clamp(1, geometry.batch) };
        Self { images, rows: height.div_ceil(row_blocks), row_blocks }
    }

    fn units(&self, geometry: &Geometry) -> usize {
        geometry.batch.div_ceil(self.images) * self.row_blocks
    }
}

/// The sizes of a unit's copies of `grad_y` and `x`.
#[derive(Clone, Copy)]
struct Copy {
    /// Numbers in a row of output, filled up to whole vectors.
    y_width: usize,
    x_rows: usize,
    /// Numbers in one phase of a row of `x`.
    phase_width: usize,
    /// Phases of the horizontal stride.
    phases: usize,
}

impl Copy {
    fn new(geometry: &Geometry, rows: usize, lanes: usize) -> Self {
        let y_width = geometry.output()[1].next_multiple_of(lanes);
        let phases = geometry.stride[1];
        Self {
            y_width,
            x_rows: (rows - 1) * geometry.stride[0] + geometry.reach(0),
            phase_width: y_width + (geometry.reach(1) - 1) / phases,
            phases,
        }
    }

    fn x_width(self) -> usize {
        self.phases * self.phase_width
    }

    fn plane_len(self) -> usize {
        self.x_rows * self.x_width()
    }
}

struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    grad_y: &'a [T],
    group: usize,
    outputs: Range<usize>,
    units: Range<usize>,
    cut: &'a Cut,
    partial: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let geometry = self.geometry;
        let lanes = T::lanes::<S>();
        let largest = Copy::new(geometry, self.cut.rows, lanes);
        let (inputs, outputs) = (geometry.group_inputs(), self.outputs.len());
        let mut x_copy = Buffer::unspecified(self.cut.images * inputs * largest.plane_len());
        let mut y_copy = Buffer::unspecified(self.cut.images * outputs * self.cut.rows * largest.y_width);
        let mut sums = Buffer::unspecified(largest_block(S::REGISTER_COUNT)[0] * geometry.taps() * lanes);
        self.partial.fill(T::ZERO);
        for unit in self.units.clone() {
            let first_image = unit / self.cut.row_blocks * self.cut.images;
            let images = first_image..geometry.batch.min(first_image + self.cut.images);
            let first_row = unit % self.cut.row_blocks * self.cut.rows;
            let rows = first_row..geometry.output()[0].min(first_row + self.cut.rows);
            if rows.is_empty() {
                continue;
            }
            let copy = Copy::new(geometry, rows.len(), lanes);
            let (x_len, y_len) = (inputs * copy.plane_len(), outputs * rows.len() * copy.y_width);
            let copies = x_copy.chunks_exact_mut(x_len).zip(y_copy.chunks_exact_mut(y_len));
            for (image, (x_copy, y_copy)) in images.clone().zip(copies) {
                self.copy_x(x_copy, copy, image, rows.start);
                self.copy_grad_y(y_copy, copy, image, rows.clone());
            }
            let step = geometry.stride[0] * copy.x_width();
            let runs = Buffer::from_fn(images.len() * rows.len(), |index| {
                let (image, row) = (index / rows.len(), index % rows.len());
                [image * y_len + row * copy.y_width, image * x_len + row * step]
            });
            self.add_products(simd, &x_copy, &y_copy, copy, &runs, rows.len(), &mut sums);
        }
    }
}

/// Where each (input channel, tap) pair's first pixel lies in the copy of `x`.
fn x_starts(geometry: &Geometry, copy: Copy) -> Buffer<usize> {
    let [kernel_height, kernel_width] = geometry.kernel;
    let start = |tap: usize| {
        let (channel, row, column) =
            (tap / (kernel_height * kernel_width), tap / kernel_width % kernel_height, tap % kernel_width);
        let distance = column * geometry.dilation[1];
        let row_start = (channel * copy.x_rows + row * geometry.dilation[0]) * copy.x_width();
        row_start + distance % copy.phases * copy.phase_width + distance / copy.phases
    };
    Buffer::from_fn(geometry.taps(), start)
}

impl<T: ConvElement> Task<'_, T> {
    /// Adds a unit's products to the partial gradient, those of a few output channels at a time: `sums` holds a vector for each
    /// of their weights.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn add_products<S: Simd>(
        &mut self,
        simd: S,
        x: &[T],
        y: &[T],
        copy: Copy,
        runs: &[[usize; 2]],
        rows: usize,
        sums: &mut [T],
    ) {
        let (lanes, taps, outputs) = (T::lanes::<S>(), self.geometry.taps(), self.outputs.len());
        let x_starts = x_starts(self.geometry, copy);
        let blocks = outputs.div_ceil(largest_block(S::REGISTER_COUNT)[0]);
        for index in 0..blocks {
            let block = balanced(outputs, blocks, index);
            let sums = &mut sums[..block.len() * taps * lanes];
            let dots = Dots {
                y,
                x,
                rows: block.clone(),
                y_stride: rows * copy.y_width,
                y_step: 1,
                x_starts: &x_starts,
                runs,
                run_len: copy.y_width / lanes,
                fresh: true,
                sums: &mut *sums,
            };
            dots.run(simd);
            add_lane_sums(simd, &mut self.partial[block.start * taps..], sums);
        }
    }

    /// `[channel][row][phase][column]`, zeros outside the image.
    #[inline(always)]
    fn copy_x(&self, to: &mut [T], copy: Copy, image: usize, first_row: usize) {
        let geometry = self.geometry;
        let [height, width] = geometry.input;
        let [[top, _], [left, _]] = geometry.padding;
        let inputs = geometry.group_inputs();
        let first_channel = image * geometry.in_channels + self.group * inputs;
        let rows = to.chunks_exact_mut(copy.x_width()).take(inputs * copy.x_rows);
        for (index, to) in rows.enumerate() {
            let (channel, row) = (index / copy.x_rows, first_row * geometry.stride[0] + index % copy.x_rows);
            if row < top || row - top >= height {
                to.fill(T::ZERO);
                continue;
            }
            let from = &self.x[((first_channel + channel) * height + row - top) * width..][..width];
            for (phase, to) in to.chunks_exact_mut(copy.phase_width).enumerate() {
                copy_phase(to, from, left, phase, copy.phases);
            }
        }
    }

    /// `[channel][row][column]`, zeros after the last column.
    #[inline(always)]
    fn copy_grad_y(&self, to: &mut [T], copy: Copy, image: usize, rows: Range<usize>) {
        let [height, width] = self.geometry.output();
        let mut to = to.chunks_exact_mut(copy.y_width);
        for channel in self.outputs.clone() {
            let start = ((image * self.geometry.out_channels + channel) * height + rows.start) * width;
            let from = self.grad_y[start..start + rows.len() * width].chunks_exact(width);
            for (from, to) in from.zip(&mut to) {
                to[..width].copy_from_slice(from);
                to[width..].fill(T::ZERO);
            }
        }
    }
}

/// `to[i]` is the padded row's number `i phases + phase`, of which `from` is the part after `left` zeros.
#[inline(always)]
fn copy_phase<T: Lanes>(to: &mut [T], from: &[T], left: usize, phase: usize, phases: usize) {
    let zeros = left.saturating_sub(phase).div_ceil(phases).min(to.len());
    let (before, to) = to.split_at_mut(zeros);
    before.fill(T::ZERO);
    let start = (zeros * phases + phase).saturating_sub(left);
    let from = from.get(start..).unwrap_or(&[]);
    let used = from.len().div_ceil(phases).min(to.len());
    if phases == 1 {
        to[..used].copy_from_slice(&from[..used]);
    } else {
        for (to, &value) in to.iter_mut().zip(from.iter().step_by(phases)) {
            *to = value;
        }
    }
    to[used..].fill(T::ZERO);
}
