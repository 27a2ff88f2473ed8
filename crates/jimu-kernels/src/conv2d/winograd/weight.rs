//! The gradient of the weight. The [parent](super) has the formula.
//!
//! Tiles are taken in chunks whose transforms, of the input and of the output's gradient, fit the last cache together.
//! For each chunk
//! 1. tasks of a few tiles transform both;
//! 2. tasks of an element and some output channels multiply: `[output channel][tile] x [tile][input channel]`, added to the
//!    sums `[element][output channel][input channel]` of the chunks before.
//!
//! At the end each output channel's sums are transformed back.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{ConvElement, Geometry};
use super::tiles::{Images, Tiles};
use super::transform::{Variant, blank, both_axes};
use super::transformed::Form;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Machine, machine};
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;

/// Bytes of a chunk's transforms: a part of the last cache.
const CHUNK_BYTES: usize = 12 << 20;
/// Fewest tiles in a chunk: with fewer the sums are read and written too often.
const MIN_CHUNK: usize = 96;
/// Tiles that one task transforms.
const TILES: usize = 8;
/// Output channels that one task multiplies.
const OUTPUTS: usize = 48;

pub(super) fn backward_weight<T: ConvElement, W: Variant>(
    geometry: &Geometry,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    let Machine { lanes, .. } = machine::<T>();
    let (inputs, outputs) = (geometry.in_channels, geometry.out_channels);
    let tiles = Tiles::new(geometry.batch, geometry.output(), W::OUT);
    let tile_bytes = W::ELEMENTS * (inputs + outputs) * size_of::<T>();
    let chunks = tiles.count().div_ceil((CHUNK_BYTES / tile_bytes).max(MIN_CHUNK));
    let longest = tiles.count().div_ceil(chunks);
    let x_side = Side::new(x, geometry.input, inputs, longest, lanes);
    let y_side = Side::new(grad_y, geometry.output(), outputs, longest, lanes);
    let before = [geometry.padding[0][0], geometry.padding[1][0]];
    let (mut x_tiles, mut y_tiles) = (x_side.buffer::<W>(), y_side.buffer::<W>());
    let sums_form = Form::new(outputs, inputs, lanes);
    let mut sums = Buffer::unspecified(sums_form.len::<W>());
    for chunk in 0..chunks {
        let range = balanced(tiles.count(), chunks, chunk);
        let (x_shared, y_shared) = (SharedSlice::new(&mut x_tiles), SharedSlice::new(&mut y_tiles));
        threads::parallel_for(range.len().div_ceil(TILES), |index| {
            let first = index * TILES;
            let of_chunk = first..range.len().min(first + TILES);
            let variant = PhantomData::<W>;
            simd::dispatch(Transform {
                x: &x_side,
                y: &y_side,
                to: [&x_shared, &y_shared],
                tiles: &tiles,
                before,
                start: range.start,
                of_chunk,
                variant,
            });
        });
        let parts = outputs.div_ceil(OUTPUTS);
        let shared = SharedSlice::new(&mut sums);
        threads::parallel_for(W::ELEMENTS * parts, |index| {
            let (element, rows) = (index / parts, balanced(outputs, parts, index % parts));
            // SAFETY: each task has some rows of an element to itself.
            let to = unsafe { shared.part(sums_form.row(element, rows.start), rows.len() * sums_form.width) };
            simd::dispatch(Multiply {
                y: &y_side.form.element(&y_tiles, element)[rows.start..],
                y_width: y_side.form.width,
                x: x_side.form.element(&x_tiles, element),
                x_width: x_side.form.width,
                tiles: range.len(),
                sums: to,
                accumulate: chunk > 0,
            });
        });
    }
    threads::parallel_chunks_mut(grad_weight, 9 * inputs, |output, grad_weight| {
        simd::dispatch(Finish { sums: &sums, form: sums_form, output, grad_weight, variant: PhantomData::<W> });
    });
}

/// The images on one side of the convolution, and where their transforms lie.
struct Side<'a, T> {
    values: &'a [T],
    images: Images,
    form: Form,
}

impl<'a, T: ConvElement> Side<'a, T> {
    fn new(values: &'a [T], size: [usize; 2], channels: usize, tiles: usize, lanes: usize) -> Self {
        Self { values, images: Images { size, channels }, form: Form::new(tiles, channels, lanes) }
    }

    fn buffer<W: Variant>(&self) -> Buffer<T> {
        Buffer::unspecified(self.form.len::<W>())
    }
}

/// Transforms some tiles of both sides.
struct Transform<'a, T, W> {
    x: &'a Side<'a, T>,
    y: &'a Side<'a, T>,
    to: [&'a SharedSlice<'a, T>; 2],
    tiles: &'a Tiles,
    before: [usize; 2],
    /// The first tile of the chunk.
    start: usize,
    of_chunk: Range<usize>,
    variant: PhantomData<W>,
}

impl<T: ConvElement, W: Variant> WithSimd for Transform<'_, T, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut vectors = blank::<T, S>(simd);
        for row in self.of_chunk.clone() {
            let tile = self.start + row;
            let Side { values, images, form } = *self.x;
            let pixels = images.pixels(self.tiles, tile, self.before, W::TILE);
            for channel in (0..images.channels).step_by(T::lanes::<S>()) {
                images.load(simd, values, &pixels, channel, W::TILE, &mut vectors);
                both_axes(
                    &mut vectors,
                    W::TILE,
                    W::TILE,
                    #[inline(always)]
                    |line| W::input::<T, S>(simd, line),
                );
                // SAFETY: each task has its tiles to itself.
                unsafe { form.store::<T, W, S>(self.to[0], row, channel, &vectors) };
            }
            let Side { values, images, form } = *self.y;
            let pixels = images.pixels(self.tiles, tile, [0, 0], W::OUT);
            for channel in (0..images.channels).step_by(T::lanes::<S>()) {
                images.load(simd, values, &pixels, channel, W::OUT, &mut vectors);
                both_axes(
                    &mut vectors,
                    W::OUT,
                    W::TILE,
                    #[inline(always)]
                    |line| W::output_back::<T, S>(simd, line),
                );
                // SAFETY: each task has its tiles to itself.
                unsafe { form.store::<T, W, S>(self.to[1], row, channel, &vectors) };
            }
        }
    }
}

/// The products of one element over a chunk's tiles: some rows of output channels.
struct Multiply<'a, T> {
    y: &'a [T],
    y_width: usize,
    x: &'a [T],
    x_width: usize,
    tiles: usize,
    /// Rows of `x_width` input channels.
    sums: &'a mut [T],
    accumulate: bool,
}

impl<T: ConvElement> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = T::lanes::<S>();
        let (vectors, rows) = (self.x_width / lanes, self.sums.len() / self.x_width);
        let blocks = vectors.div_ceil(widest(S::REGISTER_COUNT));
        for index in 0..blocks {
            let block = balanced(vectors, blocks, index);
            let product = Product {
                a: self.y,
                a_row: 1,
                a_step: self.y_width,
                b: &self.x[block.start * lanes..],
                b_step: self.x_width,
                c: SharedSlice::new(&mut self.sums[block.start * lanes..]),
                c_row: self.x_width,
                rows,
                vectors: block.len(),
                depth: self.tiles,
                start: if self.accumulate { Start::Sums } else { Start::Zero },
                ahead: None,
                segments: &[0],
            };
            product.run(simd);
        }
    }
}

/// Transforms the sums of one output channel back.
struct Finish<'a, T, W> {
    sums: &'a [T],
    form: Form,
    output: usize,
    /// `[input channel][tap]`.
    grad_weight: &'a mut [T],
    variant: PhantomData<W>,
}

impl<T: ConvElement, W: Variant> WithSimd for Finish<'_, T, W> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = T::lanes::<S>();
        let mut taps = Buffer::<T>::unspecified(9 * lanes);
        let mut vectors = blank::<T, S>(simd);
        for (vector, grad_weight) in self.grad_weight.chunks_mut(9 * lanes).enumerate() {
            self.form.load::<T, W, S>(self.sums, self.output, vector * lanes, &mut vectors);
            both_axes(
                &mut vectors,
                W::TILE,
                3,
                #[inline(always)]
                |line| W::weight_back::<T, S>(simd, line),
            );
            for (tap, to) in T::as_vectors_mut::<S>(&mut taps).0.iter_mut().enumerate() {
                *to = vectors[tap / 3][tap % 3];
            }
            for (lane, weights) in grad_weight.chunks_exact_mut(9).enumerate() {
                for tap in 0..9 {
                    weights[tap] = taps[tap * lanes + lane];
                }
            }
        }
    }
}
