//! The forward pass and the gradient of the input. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{Activation, ConvElement, Geometry};
use super::tiles::{Images, Tiles};
use super::transform::{Variant, blank, both_axes};
use super::transformed::Form;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, Machine, machine};
use crate::product::{Ahead, Product, Runs, Start, widest};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;
use crate::transpose::transpose;

/// Bytes of a task's transformed source tiles and of one block of their products: most of a second-level cache.
const TASK_BYTES: usize = 768 << 10;
/// Fewest and most tiles in a task: with fewer the weights are read too often, with more the products leave the cache.
const TILES: [usize; 2] = [48, 96];
/// Tasks to cut a small batch into, by target channels once tiles are used up.
const MIN_TASKS: usize = 16;

pub(super) fn forward<T: ConvElement, W: Variant>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let (sources, targets) = (geometry.in_channels, geometry.out_channels);
    let filters = Filters { weight, target_step: sources * 9, source_step: 9, turned: false };
    let weights = Weights::transform::<W>(sources, targets, filters);
    run::<T, W>(&Pass {
        tiles: Tiles::new(geometry.batch, geometry.output(), W::OUT),
        source: x,
        sources: Images { size: geometry.input, channels: sources },
        target: SharedSlice::new(y),
        targets: Images { size: geometry.output(), channels: targets },
        before: [geometry.padding[0][0], geometry.padding[1][0]],
        weights: &weights,
        bias,
        activation,
    });
}

pub(super) fn backward_input<T: ConvElement, W: Variant>(
    geometry: &Geometry,
    grad_y: &[T],
    weight: &[T],
    grad_x: &mut [T],
) {
    let (sources, targets) = (geometry.out_channels, geometry.in_channels);
    let filters = Filters { weight, target_step: 9, source_step: targets * 9, turned: true };
    let weights = Weights::transform::<W>(sources, targets, filters);
    run::<T, W>(&Pass {
        tiles: Tiles::new(geometry.batch, geometry.input, W::OUT),
        source: grad_y,
        sources: Images { size: geometry.output(), channels: sources },
        target: SharedSlice::new(grad_x),
        targets: Images { size: geometry.input, channels: targets },
        // A window that began `padding` before its output ends as far behind it; turned, it begins that far before.
        before: [0, 1].map(|axis| 2 - geometry.padding[axis][0]),
        weights: &weights,
        bias: None,
        activation: Activation::Identity,
    });
}

/// Transformed weights, `[block of target channels][element][source channel][target channel]`, each block some vectors wide.
struct Weights<T: Lanes> {
    values: Buffer<T>,
    blocks: Vec<Block>,
}

/// A block of target channels.
#[derive(Clone, Copy)]
struct Block {
    first_channel: usize,
    vectors: usize,
    /// Where it starts in the weights, and the distance of its elements.
    start: usize,
    element_len: usize,
}

impl<T: ConvElement> Weights<T> {
    fn transform<W: Variant>(sources: usize, targets: usize, filters: Filters<'_, T>) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let vectors = targets.div_ceil(lanes);
        let count = vectors.div_ceil(widest(registers));
        let mut start = 0;
        let blocks: Vec<Block> = (0..count)
            .map(|index| {
                let range = balanced(vectors, count, index);
                // A vector more, lest all elements of a row meet in the same few places of the caches.
                let element_len = (sources * range.len() + 1) * lanes;
                let block = Block { first_channel: range.start * lanes, vectors: range.len(), start, element_len };
                start += W::ELEMENTS * element_len;
                block
            })
            .collect();
        let mut values = Buffer::unspecified(start);
        let shared = SharedSlice::new(&mut values);
        let parts = sources.div_ceil(SOURCES);
        threads::parallel_for(count * parts, |index| {
            let (block, part) = (blocks[index / parts], balanced(sources, parts, index % parts));
            simd::dispatch(TransformWeights {
                block,
                sources: part,
                targets,
                filters,
                values: &shared,
                variant: std::marker::PhantomData::<W>,
            });
        });
        Self { values, blocks }
    }

    /// The weights of an element of a block.
    #[inline(always)]
    fn element(&self, block: &Block, element: usize) -> &[T] {
        &self.values[block.start + element * block.element_len..][..block.element_len]
    }

    /// What is read after the weights of an element of a block: the next element's, or the next block's.
    #[inline(always)]
    fn after(&self, block: &Block, element: usize) -> &[T] {
        let rest = &self.values[block.start + (element + 1) * block.element_len..];
        &rest[..block.element_len.min(rest.len())]
    }
}

/// Source channels whose weights a task transforms.
const SOURCES: usize = 32;

/// Filters of nine taps each: the distances of those of neighbouring channels, and whether they are turned by 180 degrees.
#[derive(Clone, Copy)]
struct Filters<'a, T> {
    weight: &'a [T],
    target_step: usize,
    source_step: usize,
    turned: bool,
}

struct TransformWeights<'a, T, W> {
    block: Block,
    sources: Range<usize>,
    targets: usize,
    filters: Filters<'a, T>,
    values: &'a SharedSlice<'a, T>,
    variant: std::marker::PhantomData<W>,
}

impl<T: ConvElement, W: Variant> WithSimd for TransformWeights<'_, T, W> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = T::lanes::<S>();
        let Block { first_channel, vectors, start, element_len } = self.block;
        let Filters { weight, target_step, source_step, turned } = self.filters;
        // A vector of target channels of each tap; zeros beyond the last channel.
        let mut taps = Buffer::<T>::unspecified(9 * lanes);
        let mut tile = blank::<T, S>(simd);
        for vector in 0..vectors {
            let first = first_channel + vector * lanes;
            taps.fill(T::ZERO);
            for source in self.sources.clone() {
                let filters = &weight[first * target_step + source * source_step..];
                transpose(&mut taps, lanes, (filters, target_step), lanes.min(self.targets - first), 9);
                for (tap, &weights) in T::as_vectors::<S>(&taps).0.iter().enumerate() {
                    let tap = if turned { 8 - tap } else { tap };
                    tile[tap / 3][tap % 3] = weights;
                }
                both_axes(
                    &mut tile,
                    3,
                    W::TILE,
                    #[inline(always)]
                    |line| W::weight::<T, S>(simd, line),
                );
                for element in 0..W::ELEMENTS {
                    let place = start + element * element_len + (source * vectors + vector) * lanes;
                    // SAFETY: each task has source channels of a block to itself.
                    let values = unsafe { self.values.part(place, lanes) };
                    T::as_vectors_mut::<S>(values).0[0] = tile[element / W::TILE][element % W::TILE];
                }
            }
        }
    }
}

/// A whole pass.
struct Pass<'a, T: Lanes> {
    tiles: Tiles,
    source: &'a [T],
    sources: Images,
    target: SharedSlice<'a, T>,
    targets: Images,
    /// How far before its outputs the pixels of a tile begin.
    before: [usize; 2],
    weights: &'a Weights<T>,
    bias: Option<&'a [T]>,
    activation: Activation,
}

fn run<T: ConvElement, W: Variant>(pass: &Pass<'_, T>) {
    let tiles = tiles_per_task::<T, W>(pass);
    let tile_blocks = pass.tiles.count().div_ceil(tiles);
    let channel_parts = MIN_TASKS.div_ceil(tile_blocks).min(pass.weights.blocks.len());
    threads::parallel_for(tile_blocks * channel_parts, |index| {
        simd::dispatch(Task {
            pass,
            tiles: balanced(pass.tiles.count(), tile_blocks, index / channel_parts),
            blocks: balanced(pass.weights.blocks.len(), channel_parts, index % channel_parts),
            variant: std::marker::PhantomData::<W>,
        });
    });
}

fn tiles_per_task<T: Lanes, W: Variant>(pass: &Pass<'_, T>) -> usize {
    let Machine { lanes, registers } = machine::<T>();
    let tile = W::ELEMENTS * (pass.sources.channels + widest(registers) * lanes) * size_of::<T>();
    (TASK_BYTES / tile).clamp(TILES[0], TILES[1])
}

/// Some tiles of some target channels.
struct Task<'a, T: Lanes, W> {
    pass: &'a Pass<'a, T>,
    tiles: Range<usize>,
    blocks: Range<usize>,
    variant: std::marker::PhantomData<W>,
}

impl<T: ConvElement, W: Variant> WithSimd for Task<'_, T, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (pass, lanes) = (self.pass, T::lanes::<S>());
        let widest = widest(S::REGISTER_COUNT) * lanes;
        let form = Form::new(self.tiles.len(), pass.sources.channels, lanes);
        let mut sources = Buffer::unspecified(form.len::<W>());
        let shared = SharedSlice::new(&mut sources);
        let mut vectors = blank::<T, S>(simd);
        for (row, tile) in self.tiles.clone().enumerate() {
            let pixels = pass.sources.pixels(&pass.tiles, tile, pass.before, W::TILE);
            for channel in (0..pass.sources.channels).step_by(lanes) {
                pass.sources.load(simd, pass.source, &pixels, channel, W::TILE, &mut vectors);
                both_axes(
                    &mut vectors,
                    W::TILE,
                    W::TILE,
                    #[inline(always)]
                    |line| W::input::<T, S>(simd, line),
                );
                // SAFETY: nobody else has this buffer.
                unsafe { form.store::<T, W, S>(&shared, row, channel, &vectors) };
            }
        }
        let products_form = Form::new(self.tiles.len(), widest, lanes);
        let mut products = Buffer::unspecified(products_form.len::<W>());
        for block in &pass.weights.blocks[self.blocks.clone()] {
            for element in 0..W::ELEMENTS {
                let product = Product {
                    a: form.element(&sources, element),
                    a_row: form.width,
                    a_step: 1,
                    b: pass.weights.element(block, element),
                    b_step: block.vectors * lanes,
                    c: SharedSlice::new(products_form.element_mut(&mut products, element)),
                    c_row: products_form.width,
                    rows: self.tiles.len(),
                    vectors: block.vectors,
                    depth: pass.sources.channels,
                    start: Start::Zero,
                    ahead: Some(Ahead { rows: true, then: Runs::one(pass.weights.after(block, element)) }),
                    segments: &[0],
                };
                product.run(simd);
            }
            self.finish(simd, &products, products_form, block);
        }
    }
}

impl<T: ConvElement, W: Variant> Task<'_, T, W> {
    /// Transforms a block's products back and stores them.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, products: &[T], form: Form, block: &Block) {
        let (pass, lanes) = (self.pass, T::lanes::<S>());
        let mut vectors = blank::<T, S>(simd);
        for (row, tile) in self.tiles.clone().enumerate() {
            let pixels = pass.targets.pixels(&pass.tiles, tile, [0, 0], W::OUT);
            for vector in 0..block.vectors {
                let channel = block.first_channel + vector * lanes;
                form.load::<T, W, S>(products, row, vector * lanes, &mut vectors);
                both_axes(
                    &mut vectors,
                    W::TILE,
                    W::OUT,
                    #[inline(always)]
                    |line| W::output::<T, S>(simd, line),
                );
                let bias = match pass.bias {
                    Some(bias) => T::load_part(simd, &bias[channel..bias.len().min(channel + lanes)]),
                    None => T::splat(simd, T::ZERO),
                };
                for row in vectors.iter_mut().take(W::OUT) {
                    for value in row.iter_mut().take(W::OUT) {
                        *value = T::add_lanes(simd, *value, bias);
                        if pass.activation == Activation::Relu {
                            *value = T::relu(simd, *value);
                        }
                    }
                }
                // SAFETY: each task has its tiles' pixels of its blocks' channels to itself.
                unsafe { pass.targets.store(simd, &pass.target, &pixels, channel, W::OUT, &vectors) };
            }
        }
    }
}
