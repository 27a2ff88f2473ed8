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
//! Nothing is copied: columns of padding enter the window as zeros, rows of padding are left out.
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
    let units = Units::cut::<T>(geometry);
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
    image_blocks: usize,
    row_blocks: usize,
}

impl Units {
    fn cut<T: ConvElement>(geometry: &Geometry) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let block = largest_block(registers, geometry.kernel[1]);
        let [height, width] = geometry.output();
        let bytes = |rows: usize| {
            let x_rows = (rows - 1) * geometry.stride[0] + geometry.reach(0);
            (x_rows * geometry.input[1] + block * rows * width) * VECTORS * lanes * size_of::<T>()
        };
        let rows = rows_that_fit(height, UNIT_BYTES, bytes);
        Self { lanes, image_blocks: geometry.batch.div_ceil(VECTORS * lanes), row_blocks: height.div_ceil(rows) }
    }

    fn count(&self) -> usize {
        self.image_blocks * self.row_blocks
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
        let (geometry, lanes) = (self.geometry, self.units.lanes);
        let mut sums = Buffer::<T>::zeroed(self.partial.len() * lanes);
        for unit in self.units_of_task.clone() {
            // Neighbouring units have the same rows: their images share cache lines and pages.
            let first = unit % self.units.image_blocks * VECTORS * lanes;
            let images = first..geometry.batch.min(first + VECTORS * lanes);
            let rows = balanced(geometry.output()[0], self.units.row_blocks, unit / self.units.image_blocks);
            match geometry.kernel[1] {
                3 => self.unit::<S, 3>(simd, images, rows, &mut sums),
                _ => self.unit::<S, 5>(simd, images, rows, &mut sums),
            }
        }
        self.partial.fill(T::ZERO);
        add_lane_sums(simd, self.partial, &sums);
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Adds a unit's products to `sums`, a vector per weight.
    #[inline(always)]
    fn unit<S: Simd, const K: usize>(&self, simd: S, images: Range<usize>, rows: Range<usize>, sums: &mut [T]) {
        let geometry = self.geometry;
        let (inputs, outputs, height) = (geometry.group_inputs(), geometry.group_outputs(), geometry.kernel[0]);
        let row_of_taps = K * self.units.lanes;
        let blocks = outputs.div_ceil(largest_block(S::REGISTER_COUNT, K));
        for group in 0..geometry.groups {
            for block in 0..blocks {
                let block = balanced(outputs, blocks, block);
                let first = group * outputs + block.start;
                for tap in 0..inputs * height {
                    Block {
                        task: self,
                        images: images.clone(),
                        rows: rows.clone(),
                        outputs: first..first + block.len(),
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
}

/// A row of taps of one input channel, and some output channels.
struct Block<'a, T> {
    task: &'a Task<'a, T>,
    images: Range<usize>,
    rows: Range<usize>,
    outputs: Range<usize>,
    input: usize,
    tap: usize,
    /// The sums of the first output channel, and how far from them the next one's are.
    sums: &'a mut [T],
    stride: usize,
}

impl<T: ConvElement> Block<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const K: usize>(&mut self, simd: S) {
        match self.outputs.len() {
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
        let ([height, width], [out_height, out_width]) = (geometry.input, geometry.output());
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
            let y_start = (self.outputs.start * out_height + row) * out_width * batch;
            let y_stride = out_height * out_width * batch;
            let y = &self.task.grad_y[y_start..][..(O - 1) * y_stride + out_width * batch];
            for first in self.images.clone().step_by(T::lanes::<S>()) {
                // SAFETY: the vector's images are the batch's, which has whole vectors alone (`suits`), and the slices have
                // `width` and `out_width` pixels of a batch each, `y` in `O` rows.
                unsafe {
                    let (x, y) = (x.as_ptr().add(first), y.as_ptr().add(first));
                    Slide { simd, x, width, y, y_stride, out_width, batch, left }.row::<K, O>(&mut sums);
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
    /// The first pixel, and how many there are.
    x: *const T,
    width: usize,
    /// The first pixel of the first row, how far from it the next row is, and how many pixels a row has.
    y: *const T,
    y_stride: usize,
    out_width: usize,
    /// How far from each other pixels are.
    batch: usize,
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
                    y = apart(y.wrapping_add(self.batch));
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
