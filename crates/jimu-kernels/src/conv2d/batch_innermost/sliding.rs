//! The gradient of the weight of rows of 3 or 5 taps a pixel apart, with the batch innermost and whole vectors of images.
//!
//! The taps of a row meet an output pixel's gradient in neighbouring pixels of `x`, of which the next output pixel meets all but
//! one again. So `x` slides through a window of registers, and a pixel takes one vector of `x`, one of `grad_y` for each output
//! channel, and a multiply-add for each channel and tap:
//!
//! ```text
//! sums[o][t] += grad_y[o, column, n] x[column + t - left, n]      o: up to 4 channels, t: a row's taps, n: a vector's images
//! ```
//!
//! Where only the greatest of each window of 2x2 outputs was wanted (`../windows.rs`), a unit spreads the windows' gradient over
//! a block's rows before it reads them. Otherwise nothing is copied: columns of padding enter the window as zeros, rows of padding are left out.
//!
//! | | 5 taps | 3 taps |
//! |---|---|---|
//! | 32 registers (AVX-512, NEON) | 4 channels | 6 channels |
//! | 16 registers (AVX2) | 2 channels | 3 channels |
//!
//! The work is cut into units of some vectors of images and some rows of output, as many as let one channel of `x` and one block
//! of `grad_y` fit the first-level cache together. A task runs a fixed range of units and at the end sums the lanes of each
//! weight's vector; the tasks' results are added in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::windows::Pooled;
use super::super::{ConvElement, Geometry};
use super::{rows_that_fit, sum_units};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::dots::add_lane_sums;
use crate::lanes::{Lanes, Machine, machine};
use crate::product::apart;
use crate::simd;

/// Vectors of images in a unit.
const VECTORS: usize = 2;
/// The same where a unit spreads the gradient of windows, of which it takes two rows at least.
const VECTORS_SPREAD: usize = 1;
/// Bytes of one channel's `x` and of one block's `grad_y` in a unit: most of a small first-level cache.
const UNIT_BYTES: usize = 28 << 10;

/// Whether this is the way, for numbers of type `T`.
pub(in super::super) fn suits<T: ConvElement>(geometry: &Geometry) -> bool {
    matches!(geometry.kernel[1], 3 | 5)
        && geometry.stride[1] == 1
        && geometry.dilation[1] == 1
        && geometry.padding[1][0] < geometry.kernel[1]
        && geometry.batch.is_multiple_of(machine::<T>().lanes)
}

pub(in super::super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    run(geometry, x, Gradient::Pixels(grad_y), grad_weight);
}

/// The same of an output of which only the greatest pixels of windows of 2x2 are wanted, from the windows' gradient.
pub(in super::super) fn backward_weight_pooled<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    grad_y: Pooled<'_, T>,
    grad_weight: &mut [T],
) {
    run(geometry, x, Gradient::Windows(grad_y), grad_weight);
}

/// The gradient of the output.
#[derive(Clone, Copy)]
enum Gradient<'a, T> {
    Pixels(&'a [T]),
    /// What a unit needs of it is spread over its pixels first.
    Windows(Pooled<'a, T>),
}

impl<T> Gradient<'_, T> {
    /// Height and width of its pixels, of those that can differ from 0.
    fn size(&self, geometry: &Geometry) -> [usize; 2] {
        match self {
            Gradient::Pixels(_) => geometry.output(),
            Gradient::Windows(windows) => windows.size.map(|size| 2 * size),
        }
    }

    /// Rows that lie in one unit.
    fn rows(&self) -> usize {
        match self {
            Gradient::Pixels(_) => 1,
            Gradient::Windows(_) => 2,
        }
    }
}

fn run<T: ConvElement>(geometry: &Geometry, x: &[T], grad_y: Gradient<'_, T>, grad_weight: &mut [T]) {
    let units = Units::cut(geometry, &grad_y);
    sum_units(geometry, units.count(), grad_weight, |units_of_task, partial| {
        simd::dispatch(Task { geometry, x, grad_y, units: &units, units_of_task, partial });
    });
}

/// Most output channels whose sums stay in registers.
fn largest_block(registers: usize, taps: usize) -> usize {
    match (registers >= 32, taps) {
        (true, 5) => 4,
        (true, _) => 6,
        (false, 5) => 2,
        (false, _) => 3,
    }
}

/// How the sum over images and output rows is cut.
struct Units {
    lanes: usize,
    /// Images of a unit.
    images: usize,
    image_blocks: usize,
    row_blocks: usize,
    /// Height and width of the output's gradient.
    size: [usize; 2],
    /// Rows that are not cut apart.
    together: usize,
}

impl Units {
    fn cut<T: ConvElement>(geometry: &Geometry, grad_y: &Gradient<'_, T>) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let block = largest_block(registers, geometry.kernel[1]);
        let (size, together) = (grad_y.size(geometry), grad_y.rows());
        let images = lanes * if together == 1 { VECTORS } else { VECTORS_SPREAD };
        let bytes = |rows: usize| {
            let rows = rows * together;
            let x_rows = (rows - 1) * geometry.stride[0] + geometry.reach(0);
            (x_rows * geometry.input[1] + block * rows * size[1]) * images * size_of::<T>()
        };
        let rows = rows_that_fit(size[0] / together, UNIT_BYTES, bytes);
        let row_blocks = (size[0] / together).div_ceil(rows);
        Self { lanes, images, image_blocks: geometry.batch.div_ceil(images), row_blocks, size, together }
    }

    fn count(&self) -> usize {
        self.image_blocks * self.row_blocks
    }

    /// The rows of a unit.
    fn rows(&self, unit: usize) -> Range<usize> {
        let rows = balanced(self.size[0] / self.together, self.row_blocks, unit / self.image_blocks);
        rows.start * self.together..rows.end * self.together
    }
}

struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    grad_y: Gradient<'a, T>,
    units: &'a Units,
    units_of_task: Range<usize>,
    partial: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (geometry, lanes) = (self.geometry, self.units.lanes);
        let mut sums = Buffer::<T>::zeroed(self.partial.len() * lanes);
        let spread = match self.grad_y {
            Gradient::Pixels(_) => 0,
            Gradient::Windows(_) => {
                let rows = self.units_of_task.clone().map(|unit| self.units.rows(unit).len()).max().unwrap_or(0);
                largest_block(S::REGISTER_COUNT, geometry.kernel[1]) * rows * self.units.size[1] * self.units.images
            }
        };
        let mut spread = Buffer::<T>::unspecified(spread);
        for unit in self.units_of_task.clone() {
            // Neighbouring units have the same rows: their images share cache lines and pages.
            let first = unit % self.units.image_blocks * self.units.images;
            let images = first..geometry.batch.min(first + self.units.images);
            let rows = self.units.rows(unit);
            match geometry.kernel[1] {
                3 => self.unit::<S, 3>(simd, images, rows, &mut sums, &mut spread),
                _ => self.unit::<S, 5>(simd, images, rows, &mut sums, &mut spread),
            }
        }
        self.partial.fill(T::ZERO);
        add_lane_sums(simd, self.partial, &sums);
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Adds a unit's products to `sums`, a vector per weight.
    #[inline(always)]
    fn unit<S: Simd, const K: usize>(
        &self,
        simd: S,
        images: Range<usize>,
        rows: Range<usize>,
        sums: &mut [T],
        spread: &mut [T],
    ) {
        let geometry = self.geometry;
        let (inputs, outputs, height) = (geometry.group_inputs(), geometry.group_outputs(), geometry.kernel[0]);
        let row_of_taps = K * self.units.lanes;
        let blocks = outputs.div_ceil(largest_block(S::REGISTER_COUNT, K));
        for group in 0..geometry.groups {
            for block in 0..blocks {
                let block = balanced(outputs, blocks, block);
                let first = group * outputs + block.start;
                let y = self.rows_of(simd, first..first + block.len(), rows.clone(), &images, spread);
                for tap in 0..inputs * height {
                    Block {
                        task: self,
                        images: images.clone(),
                        rows: rows.clone(),
                        outputs: block.len(),
                        y,
                        input: group * inputs + tap / height,
                        tap: tap % height,
                        sums: &mut sums[(first * inputs * height + tap) * row_of_taps..],
                        stride: inputs * height * row_of_taps,
                    }
                    .run::<S, K>(simd);
                }
            }
        }
    }

    /// Some channels' gradient in a unit, where it lies or spread in `to`.
    #[inline(always)]
    fn rows_of<'b, S: Simd>(
        &'b self,
        simd: S,
        channels: Range<usize>,
        rows: Range<usize>,
        images: &Range<usize>,
        to: &'b mut [T],
    ) -> Rows<'b, T> {
        let [height, width] = self.units.size;
        match self.grad_y {
            Gradient::Pixels(values) => {
                let batch = self.geometry.batch;
                let start = (channels.start * height + rows.start) * width * batch + images.start;
                Rows { values: &values[start..], channel: height * width * batch, row: width * batch, pixel: batch }
            }
            Gradient::Windows(windows) => {
                let (row, pixel) = (width * images.len(), images.len());
                let channel = rows.len() * row;
                windows.spread(simd, &mut to[..channels.len() * channel], channels, rows, images);
                Rows { values: to, channel, row, pixel }
            }
        }
    }
}

/// Rows of the output's gradient: where the first image of a unit's first pixel lies, and how far from it the next channel, row
/// and pixel.
#[derive(Clone, Copy)]
struct Rows<'a, T> {
    values: &'a [T],
    channel: usize,
    row: usize,
    pixel: usize,
}

/// A row of taps of one input channel, and some output channels.
struct Block<'a, T> {
    task: &'a Task<'a, T>,
    images: Range<usize>,
    rows: Range<usize>,
    /// How many output channels there are, and their gradient.
    outputs: usize,
    y: Rows<'a, T>,
    input: usize,
    tap: usize,
    /// The sums of the first output channel, and how far from them the next one's are.
    sums: &'a mut [T],
    stride: usize,
}

impl<T: ConvElement> Block<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const K: usize>(&mut self, simd: S) {
        match self.outputs {
            1 => self.add::<S, K, 1>(simd),
            2 => self.add::<S, K, 2>(simd),
            3 => self.add::<S, K, 3>(simd),
            4 if S::REGISTER_COUNT >= 32 => self.add::<S, K, 4>(simd),
            5 if S::REGISTER_COUNT >= 32 && K < 5 => self.add::<S, K, 5>(simd),
            6 if S::REGISTER_COUNT >= 32 && K < 5 => self.add::<S, K, 6>(simd),
            other => unreachable!("no kernel for {other} channels"),
        }
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn add<S: Simd, const K: usize, const O: usize>(&mut self, simd: S) {
        let geometry = self.task.geometry;
        let ([height, width], [_, out_width]) = (geometry.input, self.task.units.size);
        let (batch, [top, left]) = (geometry.batch, geometry.padding.map(|[before, _]| before));
        let mut sums = [[T::splat(simd, T::ZERO); K]; O];
        for o in 0..O {
            sums[o].copy_from_slice(&T::as_vectors::<S>(&self.sums[o * self.stride..]).0[..K]);
        }
        for row in self.rows.clone() {
            let Some(x_row) = (row * geometry.stride[0] + self.tap * geometry.dilation[0]).checked_sub(top) else {
                continue;
            };
            if x_row >= height {
                continue;
            }
            let x = &self.task.x[(self.input * height + x_row) * width * batch..][..width * batch];
            let Rows { values, channel, row: row_len, pixel } = self.y;
            let y_len = (O - 1) * channel + (out_width - 1) * pixel + self.images.len();
            let y = &values[(row - self.rows.start) * row_len..][..y_len];
            for first in (0..self.images.len()).step_by(T::lanes::<S>()) {
                // SAFETY: the vector's images are the batch's, which has whole vectors alone (`suits`), and the slices have
                // `width` pixels of a batch and `out_width` of the unit's images, `y` in `O` rows.
                unsafe {
                    let (x, y) = (x.as_ptr().add(self.images.start + first), y.as_ptr().add(first));
                    let slide = Slide { simd, x, width, batch, y, y_stride: channel, y_step: pixel, out_width, left };
                    slide.row::<K, O>(&mut sums);
                }
            }
        }
        for o in 0..O {
            T::as_vectors_mut::<S>(&mut self.sums[o * self.stride..]).0[..K].copy_from_slice(&sums[o]);
        }
    }
}

/// A row of `x` and rows of `grad_y`, of a vector of images.
struct Slide<T, S> {
    simd: S,
    /// The first pixel, how many there are, and how far from each other they are.
    x: *const T,
    width: usize,
    batch: usize,
    /// The first pixel of the first row, how far from it the next row and the next pixel are, and how many pixels a row has.
    y: *const T,
    y_stride: usize,
    y_step: usize,
    out_width: usize,
    /// Columns of padding before the first pixel of `x`.
    left: usize,
}

impl<T: Lanes, S: Simd> Slide<T, S> {
    /// Adds a row's products.
    ///
    /// # Safety
    /// The pixels must be numbers that can be read.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn row<const K: usize, const O: usize>(&self, sums: &mut [[T::Vector<S>; K]; O]) {
        let mut window = [T::splat(self.simd, T::ZERO); K];
        for tap in 0..K - 1 {
            if tap >= self.left {
                // SAFETY: by this function's terms.
                window[tap] = unsafe { self.x_or_zero(tap - self.left) };
            }
        }
        // Outputs whose last tap meets a pixel, not padding.
        let inside = (self.width + self.left + 1).saturating_sub(K).min(self.out_width);
        let (mut y, mut next) = (self.y, self.x.wrapping_add((K - 1 - self.left) * self.batch));
        // Each position's place in the window is a constant: after `K` of them it is the first again.
        macro_rules! positions {
            ($count:expr, $name:ident => $x:expr; $($slot:literal)*) => {
                $(if $slot < K && $slot < $count {
                    let $name = $slot;
                    // SAFETY: by this function's terms.
                    unsafe {
                        window[($slot + K - 1) % K] = $x;
                        self.position::<K, O, $slot>(y, &window, sums);
                    }
                    // Hidden, lest the compiler read several pixels ahead, for which there are no registers.
                    y = apart(y.wrapping_add(self.y_step));
                })*
            };
        }
        for _ in 0..inside / K {
            positions!(K, slot => self.read(next.wrapping_add(slot * self.batch)); 0 1 2 3 4);
            next = next.wrapping_add(K * self.batch);
        }
        for first in (inside / K * K..self.out_width).step_by(K) {
            positions!(self.out_width - first, slot => self.x_or_zero(first + slot + K - 1 - self.left); 0 1 2 3 4);
        }
    }

    /// Adds the products of an output pixel, whose first tap meets the window's `SLOT`.
    ///
    /// # Safety
    /// The pixel must be numbers that can be read.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn position<const K: usize, const O: usize, const SLOT: usize>(
        &self,
        y: *const T,
        window: &[T::Vector<S>; K],
        sums: &mut [[T::Vector<S>; K]; O],
    ) {
        for o in 0..O {
            // SAFETY: by this function's terms.
            let y = unsafe { self.read(y.wrapping_add(o * self.y_stride)) };
            for tap in 0..K {
                sums[o][tap] = T::mul_add(self.simd, y, window[(SLOT + tap) % K], sums[o][tap]);
            }
        }
    }

    /// A pixel of `x`, or zeros beyond it.
    ///
    /// # Safety
    /// The pixels must be numbers that can be read.
    #[inline(always)]
    unsafe fn x_or_zero(&self, column: usize) -> T::Vector<S> {
        match column < self.width {
            // SAFETY: a pixel.
            true => unsafe { self.read(self.x.wrapping_add(column * self.batch)) },
            false => T::splat(self.simd, T::ZERO),
        }
    }

    /// # Safety
    /// There must be a vector of numbers that can be read.
    #[inline(always)]
    unsafe fn read(&self, place: *const T) -> T::Vector<S> {
        // SAFETY: the caller's promise.
        unsafe { place.cast::<T::Vector<S>>().read_unaligned() }
    }
}
