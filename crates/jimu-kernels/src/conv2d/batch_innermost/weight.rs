//! The gradient of the weight with the batch innermost.
//!
//! `grad_weight[o, j] = sum over pixels p and images n of grad_y[o, p, n] x[offset(j) + p, n]`, where `j` runs over a
//! group's (input channel, tap) pairs: an outer product, summed over pixels and images.
//!
//! The work is cut into units of one vector of images and some rows of output. A unit
//! 1. copies its `x` rows, with their padding as zeros, to a panel, so that every tap of every pixel is in it; and its
//!    `grad_y` rows if the batch is no multiple of a vector, so that the last one is filled up;
//! 2. for each block of `O x J` weights sums the unit's pixels in as many registers (`dots.rs`);
//! 3. adds the registers to a vector per weight.
//!
//! The rows are as many as let one channel of `x` and one block of `grad_y` fit the first-level cache together: of a channel
//! every tap is read, of a block of `grad_y` every pixel for every tap.
//!
//! A task runs a fixed range of units and at the end sums each vector's lanes; the tasks' results are added in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{ConvElement, Geometry};
use super::{rows_that_fit, sliding, sum_units};
use crate::buffer::Buffer;
use crate::dots::{Dots, add_lane_sums, largest_block};
use crate::lanes::{Machine, copy_short, machine};
use crate::simd;

/// Bytes of one channel's `x` and of one block's `grad_y` in a unit: most of a small first-level cache.
const UNIT_BYTES: usize = 28 << 10;

pub(in super::super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    if sliding::suits::<T>(geometry) {
        return sliding::backward_weight(geometry, x, grad_y, grad_weight);
    }
    let units = Units::cut::<T>(geometry);
    sum_units(geometry, units.count(), grad_weight, |units_of_task, partial| {
        simd::dispatch(Task { geometry, x, grad_y, units: &units, units_of_task, partial });
    });
}

/// How the sum over images and output rows is cut.
struct Units {
    lanes: usize,
    image_blocks: usize,
    rows: usize,
    row_blocks: usize,
}

impl Units {
    fn cut<T: ConvElement>(geometry: &Geometry) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let [block, _] = largest_block(registers);
        let [height, width] = geometry.output();
        let bytes = |rows: usize| {
            let panel = Panel::new(geometry, rows);
            (panel.pixels() + block * rows * width) * lanes * size_of::<T>()
        };
        let rows = rows_that_fit(height, UNIT_BYTES, bytes);
        let row_blocks = height.div_ceil(rows);
        Self { lanes, image_blocks: geometry.batch.div_ceil(lanes), rows: height.div_ceil(row_blocks), row_blocks }
    }

    fn count(&self) -> usize {
        self.image_blocks * self.row_blocks
    }
}

/// The size of the padded input under some rows of output.
#[derive(Clone, Copy)]
struct Panel {
    rows: usize,
    columns: usize,
}

impl Panel {
    fn new(geometry: &Geometry, rows: usize) -> Self {
        let columns = geometry.output()[1];
        Self {
            rows: (rows - 1) * geometry.stride[0] + geometry.reach(0),
            columns: (columns - 1) * geometry.stride[1] + geometry.reach(1),
        }
    }

    fn pixels(self) -> usize {
        self.rows * self.columns
    }
}

struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    grad_y: &'a [T],
    units: &'a Units,
    units_of_task: Range<usize>,
    partial: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let geometry = self.geometry;
        let [height, width] = geometry.output();
        let lanes = self.units.lanes;
        let panel = Panel::new(geometry, self.units.rows);
        let mut x_panel = Buffer::<T>::unspecified(geometry.in_channels * panel.pixels() * lanes);
        let pack_y = !geometry.batch.is_multiple_of(lanes);
        let y_len = if pack_y { geometry.out_channels * self.units.rows * width * lanes } else { 0 };
        let mut y_panel = Buffer::<T>::unspecified(y_len);
        let mut sums = Buffer::<T>::zeroed(self.partial.len() * lanes);
        for unit in self.units_of_task.clone() {
            // Neighbouring units have the same rows: their images share cache lines and pages.
            let first_image = unit % self.units.image_blocks * lanes;
            let images = first_image..geometry.batch.min(first_image + lanes);
            let first_row = unit / self.units.image_blocks * self.units.rows;
            let rows = first_row..height.min(first_row + self.units.rows);
            if rows.is_empty() {
                continue;
            }
            let panel = Panel::new(geometry, rows.len());
            self.pack_x(simd, &mut x_panel, panel, rows.start, images.clone());
            let y = if pack_y {
                self.pack_grad_y(simd, &mut y_panel, rows.clone(), images);
                GradY { values: &y_panel, channel: rows.len() * width * lanes, pixel: lanes }
            } else {
                let start = rows.start * width * geometry.batch + images.start;
                GradY { values: &self.grad_y[start..], channel: height * width * geometry.batch, pixel: geometry.batch }
            };
            self.add_products(simd, &x_panel, panel, y, rows.len(), &mut sums);
        }
        self.partial.fill(T::ZERO);
        add_lane_sums(simd, self.partial, &sums);
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Fills `[channel][panel row][panel column][lane]` with the input under the output rows from `first_row` on.
    #[inline(always)]
    fn pack_x<S: Simd>(&self, simd: S, to: &mut [T], panel: Panel, first_row: usize, images: Range<usize>) {
        let geometry = self.geometry;
        let [height, width] = geometry.input;
        let [[top, _], [left, _]] = geometry.padding;
        let row_len = panel.columns * self.units.lanes;
        for (index, to) in to.chunks_exact_mut(row_len).take(geometry.in_channels * panel.rows).enumerate() {
            let (channel, row) = (index / panel.rows, first_row * geometry.stride[0] + index % panel.rows);
            if row < top || row - top >= height {
                to.fill(T::ZERO);
                continue;
            }
            let start = (channel * height + row - top) * width;
            for (column, to) in to.chunks_exact_mut(self.units.lanes).enumerate() {
                if column < left || column - left >= width {
                    to.fill(T::ZERO);
                } else {
                    let from = &self.x[(start + column - left) * geometry.batch..][images.clone()];
                    copy_short(simd, to, from);
                }
            }
        }
    }

    /// Fills `[channel][row][column][lane]`.
    #[inline(always)]
    fn pack_grad_y<S: Simd>(&self, simd: S, to: &mut [T], rows: Range<usize>, images: Range<usize>) {
        let [height, width] = self.geometry.output();
        let mut pixels = to.chunks_exact_mut(self.units.lanes);
        for channel in 0..self.geometry.out_channels {
            let start = (channel * height + rows.start) * width;
            for (pixel, to) in (start..start + rows.len() * width).zip(&mut pixels) {
                copy_short(simd, to, &self.grad_y[pixel * self.geometry.batch..][images.clone()]);
            }
        }
    }

    /// Adds a unit's products to `sums`, a vector per weight.
    #[inline(always)]
    fn add_products<S: Simd>(&self, simd: S, x: &[T], panel: Panel, y: GradY<'_, T>, rows: usize, sums: &mut [T]) {
        let geometry = self.geometry;
        let (outputs, taps, lanes) = (geometry.group_outputs(), geometry.taps(), self.units.lanes);
        let width = geometry.output()[1];
        let runs = self.runs(panel, y.pixel, rows);
        for group in 0..geometry.groups {
            let first = group * geometry.group_inputs();
            let start = |tap| (first * panel.pixels() + offset(geometry, panel, tap)) * lanes;
            let x_starts = Buffer::from_fn(taps, start);
            let dots = Dots {
                y: y.values,
                x,
                rows: group * outputs..(group + 1) * outputs,
                y_stride: y.channel,
                y_step: y.pixel / lanes,
                x_starts: &x_starts,
                runs: &runs,
                run_len: if geometry.stride[1] == 1 { width } else { 1 },
                fresh: false,
                sums: &mut sums[group * outputs * taps * lanes..][..outputs * taps * lanes],
            };
            dots.run(simd);
        }
    }

    /// A run is a row of pixels, or with a horizontal stride one pixel.
    fn runs(&self, panel: Panel, y_pixel: usize, rows: usize) -> Buffer<[usize; 2]> {
        let geometry = self.geometry;
        let (width, [row_stride, stride]) = (geometry.output()[1], geometry.stride);
        let pixels_in_row = if stride == 1 { 1 } else { width };
        Buffer::from_fn(rows * pixels_in_row, |index| {
            let (row, column) = (index / pixels_in_row, index % pixels_in_row);
            let x = row * row_stride * panel.columns + column * stride;
            [(row * width + column) * y_pixel, x * self.units.lanes]
        })
    }
}

/// A unit's part of `grad_y`: a vector of images of each pixel.
struct GradY<'a, T> {
    values: &'a [T],
    /// Distance of neighbouring channels.
    channel: usize,
    /// Distance of neighbouring pixels.
    pixel: usize,
}

/// Where the input of a (channel, tap) pair of the first output pixel lies in the panel.
fn offset(geometry: &Geometry, panel: Panel, tap: usize) -> usize {
    let [kernel_height, kernel_width] = geometry.kernel;
    let (channel, row, column) =
        (tap / (kernel_height * kernel_width), tap / kernel_width % kernel_height, tap % kernel_width);
    (channel * panel.rows + row * geometry.dilation[0]) * panel.columns + column * geometry.dilation[1]
}
