//! The forward pass from plain images. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{Activation, ConvElement, Geometry, TASK};
use super::surrounded;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, machine};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;
use crate::transpose::transpose;

/// Most pixels in a register block.
const MAX_PIXELS: usize = 12;

/// `x` is `[N, C, H, W]`; columns have no stride, and there is one group.
pub(in super::super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let ([height, width], outputs) = (geometry.output(), geometry.out_channels);
    let weights = pack(geometry, weight);
    let rows = (TASK / (width * geometry.taps() * outputs)).clamp(1, height);
    let blocks = height.div_ceil(rows);
    let image_len = geometry.in_channels * geometry.input[0] * geometry.input[1];
    let y = SharedSlice::new(y);
    threads::parallel_for(geometry.batch * blocks, |index| {
        let (image, rows) = (index / blocks, balanced(height, blocks, index % blocks));
        let row_len = width * outputs;
        // SAFETY: each task has its rows to itself.
        let y = unsafe { y.part((image * height + rows.start) * row_len, rows.len() * row_len) };
        let x = &x[image * image_len..][..image_len];
        simd::dispatch(Task { geometry, x, weights: &weights, bias, activation, rows, y });
    });
}

/// The weights `[vector of output channels][tap][output channel]`, zeros beyond the last channel.
fn pack<T: ConvElement>(geometry: &Geometry, weight: &[T]) -> Buffer<T> {
    let (lanes, taps) = (machine::<T>().lanes, geometry.taps());
    let mut packed = Buffer::zeroed(geometry.out_channels.next_multiple_of(lanes) * taps);
    for (to, from) in packed.chunks_exact_mut(lanes * taps).zip(weight.chunks(lanes * taps)) {
        transpose(to, lanes, (from, taps), from.len() / taps, taps);
    }
    packed
}

/// Some rows of output of an image.
struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    weights: &'a [T],
    bias: Option<&'a [T]>,
    activation: Activation,
    rows: Range<usize>,
    y: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (geometry, lanes) = (self.geometry, T::lanes::<S>());
        let [_, width] = geometry.output();
        let (copy, panel) = self.panel();
        let source = Source::new(geometry, copy.as_deref().unwrap_or(self.x), panel);
        let first_row = if copy.is_some() { 0 } else { self.rows.start };
        let step = width.div_ceil(width.div_ceil(MAX_PIXELS));
        for first in (0..geometry.out_channels).step_by(lanes) {
            let weights = &self.weights[first * geometry.taps()..][..lanes * geometry.taps()];
            let channels = first..geometry.out_channels.min(first + lanes);
            let bias = self.bias.map_or(
                T::splat(simd, T::ZERO),
                #[inline(always)]
                |bias| T::load_part(simd, &bias[channels.clone()]),
            );
            let block = Block { weights, bias, channels };
            for row in 0..self.rows.len() {
                let base = (first_row + row) * geometry.stride[0] * panel[1];
                for column in (0..width).step_by(step) {
                    let pixel = row * width + column;
                    match step.min(width - column) {
                        1 => self.pixels::<S, 1>(simd, &source, &block, base + column, pixel),
                        2 => self.pixels::<S, 2>(simd, &source, &block, base + column, pixel),
                        3 => self.pixels::<S, 3>(simd, &source, &block, base + column, pixel),
                        4 => self.pixels::<S, 4>(simd, &source, &block, base + column, pixel),
                        5 => self.pixels::<S, 5>(simd, &source, &block, base + column, pixel),
                        6 => self.pixels::<S, 6>(simd, &source, &block, base + column, pixel),
                        7 => self.pixels::<S, 7>(simd, &source, &block, base + column, pixel),
                        8 => self.pixels::<S, 8>(simd, &source, &block, base + column, pixel),
                        9 => self.pixels::<S, 9>(simd, &source, &block, base + column, pixel),
                        10 => self.pixels::<S, 10>(simd, &source, &block, base + column, pixel),
                        11 => self.pixels::<S, 11>(simd, &source, &block, base + column, pixel),
                        12 => self.pixels::<S, 12>(simd, &source, &block, base + column, pixel),
                        count => unreachable!("a block of {count} pixels"),
                    }
                }
            }
        }
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// The rows that are read with zeros around them, unless the image is read where it lies, and the height and width of what
    /// is read.
    fn panel(&self) -> (Option<Buffer<T>>, [usize; 2]) {
        let Geometry { input, padding, stride, in_channels, .. } = *self.geometry;
        if padding == [[0; 2]; 2] {
            return (None, input);
        }
        let targets = [self.rows.len(), self.geometry.output()[1]];
        let panel = [0, 1].map(|axis| (targets[axis] - 1) * stride[axis] + self.geometry.reach(axis));
        let first = [(self.rows.start * stride[0]) as isize - padding[0][0] as isize, -(padding[1][0] as isize)];
        (Some(surrounded(self.x, [in_channels, 1], input, first, panel)), panel)
    }

    /// `O` neighbouring pixels of output, from `pixel` of the task's on, whose windows begin at `base` and the places after it.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn pixels<S: Simd, const O: usize>(
        &mut self,
        simd: S,
        source: &Source<'_, T>,
        block: &Block<'_, T, S>,
        base: usize,
        pixel: usize,
    ) {
        let sums = sums::<T, S, O>(simd, source, block, base);
        let (outputs, count) = (self.geometry.out_channels, block.channels.len());
        let y = &mut self.y[pixel * outputs..][..O * outputs];
        for o in 0..O {
            let sum = if self.activation == Activation::Relu { T::relu(simd, sums[o]) } else { sums[o] };
            let to = &mut y[o * outputs + block.channels.start..][..count];
            match count == T::lanes::<S>() {
                true => T::as_vectors_mut::<S>(to).0[0] = sum,
                false => T::store_part(simd, to, sum),
            }
        }
    }
}

/// What is summed: planes, and the place of each tap of each of them, seen from a window's first.
struct Source<'a, T> {
    planes: &'a [T],
    places: Buffer<usize>,
    /// The furthest place.
    reach: usize,
}

impl<'a, T> Source<'a, T> {
    /// `panel` is the height and width of a plane.
    fn new(geometry: &Geometry, planes: &'a [T], panel: [usize; 2]) -> Self {
        let mut places = Buffer::unspecified(geometry.taps());
        let mut to = places.iter_mut();
        for channel in 0..geometry.in_channels {
            for row in 0..geometry.kernel[0] {
                let start = (channel * panel[0] + row * geometry.dilation[0]) * panel[1];
                for (column, place) in to.by_ref().take(geometry.kernel[1]).enumerate() {
                    *place = start + column * geometry.dilation[1];
                }
            }
        }
        let reach = places.last().map_or(0, |&last| last);
        Self { planes, places, reach }
    }
}

/// A vector of output channels.
struct Block<'a, T: Lanes, S: Simd> {
    /// `[tap][channel]`.
    weights: &'a [T],
    bias: T::Vector<S>,
    channels: Range<usize>,
}

/// The sums over all taps for the windows that begin at `base` and the places after it.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn sums<T: Lanes, S: Simd, const O: usize>(
    simd: S,
    source: &Source<'_, T>,
    block: &Block<'_, T, S>,
    base: usize,
) -> [T::Vector<S>; O] {
    assert!(base + source.reach + O <= source.planes.len(), "the planes are too short");
    let start = source.planes[base..].as_ptr();
    let mut sums = [block.bias; O];
    for (&place, &weights) in source.places.iter().zip(T::as_vectors::<S>(block.weights).0) {
        for o in 0..O {
            // SAFETY: no place lies further than `reach`, from where `O` numbers are inside (checked above).
            let number = T::splat(simd, unsafe { *start.add(place + o) });
            sums[o] = T::mul_add(simd, number, weights, sums[o]);
        }
    }
    sums
}
