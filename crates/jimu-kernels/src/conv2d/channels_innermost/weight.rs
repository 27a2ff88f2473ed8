//! The gradient of the weight with the channels innermost.
//!
//! `grad_weight[k, c, tap] = sum over pixels p of grad_y[p, k] x[p + tap, c]`. For each output row and row of the kernel, a
//! product: the rows of `c` are (column of the kernel, input channel) pairs, the sum runs over the row's pixels, and the
//! vectors hold output channels.
//!
//! A task takes some images and a block of output channels; the tasks' results are added in the order of the images.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{ConvElement, Geometry};
use super::surrounded;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, Machine, machine};
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;

/// Numbers of all tasks' results together, if there is more than one part.
const PARTIALS: usize = 4 << 20;
/// Most parts that the images are cut into.
const MAX_PARTS: usize = 16;

pub(in super::super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    let Machine { lanes, registers } = machine::<T>();
    let vectors = geometry.out_channels.div_ceil(lanes);
    let blocks = vectors.div_ceil(widest(registers));
    let taps = geometry.taps();
    // Every block has room for as many vectors as the widest.
    let width = vectors.div_ceil(blocks) * lanes;
    let parts = (PARTIALS / (taps * width * blocks)).clamp(1, MAX_PARTS).min(geometry.batch);
    let mut partials = Buffer::unspecified(parts * blocks * taps * width);
    threads::parallel_chunks_mut(&mut partials, taps * width, |index, sums| {
        let channels = balanced(vectors, blocks, index % blocks);
        simd::dispatch(Task {
            geometry,
            x,
            grad_y,
            images: balanced(geometry.batch, parts, index / blocks),
            channels: channels.start * lanes..channels.end * lanes,
            sums,
        });
    });
    let kernel_len = geometry.kernel[0] * geometry.kernel[1];
    threads::parallel_chunks_mut(grad_weight, taps, |output, grad_weight| {
        let block = (0..blocks).rfind(|&block| balanced(vectors, blocks, block).start * lanes <= output).unwrap_or(0);
        let of_block = balanced(vectors, blocks, block);
        let (row_width, lane) = (of_block.len() * lanes, output - of_block.start * lanes);
        for (index, weight) in grad_weight.iter_mut().enumerate() {
            let (channel, tap) = (index / kernel_len, index % kernel_len);
            let place = (tap * geometry.in_channels + channel) * row_width + lane;
            let parts = partials.chunks_exact(taps * width).skip(block).step_by(blocks);
            *weight = parts.fold(T::ZERO, |sum, part| sum + part[place]);
        }
    });
}

/// The sums of some images for a block of output channels.
struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    grad_y: &'a [T],
    images: Range<usize>,
    /// Filled up to whole vectors.
    channels: Range<usize>,
    /// `[tap][input channel][output channel]`.
    sums: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let geometry = self.geometry;
        let (inputs, outputs, width) = (geometry.in_channels, geometry.out_channels, self.channels.len());
        let [height, row_len] = geometry.output();
        let [kernel_height, kernel_width] = geometry.kernel;
        let panel = [0, 1].map(|axis| (geometry.output()[axis] - 1) * geometry.stride[axis] + geometry.reach(axis));
        let first = [0, 1].map(|axis| -(geometry.padding[axis][0] as isize));
        let x_len = geometry.input[0] * geometry.input[1] * inputs;
        self.sums.fill(T::ZERO);
        let mut row = Buffer::zeroed(row_len * width);
        // Neighbouring taps of a row are neighbours in memory, with all their channels.
        let taps_together = if geometry.dilation[1] == 1 { kernel_width } else { 1 };
        for image in self.images.clone() {
            let x = surrounded(&self.x[image * x_len..][..x_len], [1, inputs], geometry.input, first, panel);
            for y_row in 0..height {
                let pixels = (image * height + y_row) * row_len;
                copy_channels(&self.grad_y[pixels * outputs..], outputs, self.channels.clone(), &mut row);
                for tap in (0..kernel_height * kernel_width).step_by(taps_together) {
                    let x_row = y_row * geometry.stride[0] + tap / kernel_width * geometry.dilation[0];
                    let x_column = tap % kernel_width * geometry.dilation[1];
                    let product = Product {
                        a: &x[(x_row * panel[1] + x_column) * inputs..],
                        a_row: 1,
                        a_step: geometry.stride[1] * inputs,
                        segments: &[0],
                        depth: row_len,
                        b: &row,
                        b_step: width,
                        c: SharedSlice::new(&mut self.sums[tap * inputs * width..]),
                        c_row: width,
                        rows: taps_together * inputs,
                        vectors: width / T::lanes::<S>(),
                        start: Start::Sums,
                        ahead: None,
                    };
                    product.run(simd);
                }
            }
        }
    }
}

/// Copies a range of the channels of each pixel of a row; those beyond the last stay as they are.
#[inline(always)]
fn copy_channels<T: Lanes>(pixels: &[T], channels: usize, range: Range<usize>, to: &mut [T]) {
    let len = range.end.min(channels) - range.start;
    for (pixel, to) in to.chunks_exact_mut(range.len()).enumerate() {
        to[..len].copy_from_slice(&pixels[pixel * channels + range.start..][..len]);
    }
}
