//! The forward pass and the gradient of the input. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::pass::Pass;
use super::super::{Activation, ConvElement, Geometry, TASK};
use super::surrounded;
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, Machine, machine};
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;
use crate::transpose::transpose;

pub(in super::super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let taps = geometry.kernel[0] * geometry.kernel[1];
    let filters = Filters { values: weight, target: geometry.in_channels * taps, source: taps };
    run(&Pass::forward(geometry), x, filters, bias, activation, y);
}

pub(in super::super) fn backward_input<T: ConvElement>(
    geometry: &Geometry,
    grad_y: &[T],
    weight: &[T],
    grad_x: &mut [T],
) {
    let taps = geometry.kernel[0] * geometry.kernel[1];
    let filters = Filters { values: weight, target: taps, source: geometry.in_channels * taps };
    for pass in Pass::backward(geometry) {
        run(&pass, grad_y, filters, None, Activation::Identity, grad_x);
    }
}

/// The weights as the user has them: the distances of target channels and of source channels; taps are neighbours.
#[derive(Clone, Copy)]
struct Filters<'a, T> {
    values: &'a [T],
    target: usize,
    source: usize,
}

impl<T: Lanes> Filters<'_, T> {
    /// Writes the weights of some targets, `[term][target and zeros up to width]`.
    fn pack(&self, pass: &Pass, terms: &Terms, targets: Range<usize>, width: usize, to: &mut [T]) {
        // In one of the two directions neighbouring channels are a kernel's taps apart.
        let taps = self.target.min(self.source);
        let mut by_tap = Buffer::zeroed(taps * width);
        for source in 0..pass.sources {
            let from = &self.values[targets.start * self.target + source * self.source..];
            transpose(&mut by_tap, width, (from, self.target), targets.len(), taps);
            let to = to.chunks_exact_mut(width).skip(source).step_by(pass.sources);
            to.zip(&terms.taps).for_each(|(to, &tap)| to.copy_from_slice(&by_tap[tap * width..][..width]));
        }
    }
}

/// The terms of a target pixel's sum: segments of neighbouring source numbers.
struct Terms {
    /// For each row of the kernel that takes part its offset in rows of the source, and for each segment in it its offset
    /// in columns.
    rows: Vec<isize>,
    columns: Vec<isize>,
    /// Numbers in a segment.
    depth: usize,
    /// The tap of each source pixel of all segments, in their order.
    taps: Vec<usize>,
}

impl Terms {
    fn new(pass: &Pass) -> Self {
        let mut columns = pass.columns.taps.clone();
        columns.sort_by_key(|&(_, offset)| offset);
        let taps =
            pass.rows.taps.iter().flat_map(|row| columns.iter().map(|column| row.0 * pass.kernel_width + column.0));
        let taps = taps.collect();
        let are_neighbours = columns.windows(2).all(|pair| pair[0].1 + 1 == pair[1].1);
        let rows = pass.rows.taps.iter().map(|&(_, offset)| offset).collect();
        let offsets = columns.iter().map(|&(_, offset)| offset);
        match are_neighbours {
            true => Self { rows, columns: offsets.take(1).collect(), depth: columns.len() * pass.sources, taps },
            false => Self { rows, columns: offsets.collect(), depth: pass.sources, taps },
        }
    }
}

/// Runs a pass over the batch; the pass's target pixels are written whole.
fn run<T: ConvElement>(
    pass: &Pass,
    source: &[T],
    filters: Filters<'_, T>,
    bias: Option<&[T]>,
    activation: Activation,
    target: &mut [T],
) {
    let terms = Terms::new(pass);
    let weights = Weights::pack(pass, &terms, filters, bias);
    let row_work = pass.columns.count * pass.depth() * pass.targets;
    let rows = (TASK / row_work.max(1)).clamp(1, pass.rows.count);
    let row_blocks = pass.rows.count.div_ceil(rows);
    let target = SharedSlice::new(target);
    threads::parallel_for(pass.batch * row_blocks, |index| {
        simd::dispatch(Task {
            pass,
            terms: &terms,
            source,
            weights: &weights,
            activation,
            target: &target,
            image: index / row_blocks,
            rows: balanced(pass.rows.count, row_blocks, index % row_blocks),
        });
    });
}

/// Weights, `[block of target channels][term][target channel]`, and the bias, each block filled up to whole vectors.
struct Weights<T: Lanes> {
    values: Buffer<T>,
    bias: Buffer<T>,
    blocks: Vec<Range<usize>>,
    lanes: usize,
}

impl<T: ConvElement> Weights<T> {
    fn pack(pass: &Pass, terms: &Terms, filters: Filters<'_, T>, bias: Option<&[T]>) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let vectors = pass.targets.div_ceil(lanes);
        let count = vectors.div_ceil(widest(registers));
        let blocks: Vec<Range<usize>> = (0..count).map(|index| balanced(vectors, count, index)).collect();
        let depth = pass.depth();
        let values_len = vectors * lanes * depth;
        let mut values = Buffer::unspecified(values_len);
        let shared = SharedSlice::new(&mut values);
        // A few thousand weights are packed before another thread has come.
        let tasks = if values_len < TASK / 8 { 1 } else { count };
        threads::parallel_for(tasks, |task| {
            for block in &blocks[balanced(count, tasks, task)] {
                let (first, width) = (block.start * lanes, block.len() * lanes);
                // SAFETY: blocks do not overlap, and each is packed once.
                let to = unsafe { shared.part(first * depth, width * depth) };
                filters.pack(pass, terms, first..pass.targets.min(first + width), width, to);
            }
        });
        let mut padded = Buffer::zeroed(vectors * lanes);
        if let Some(bias) = bias {
            padded[..pass.targets].copy_from_slice(bias);
        }
        Self { values, bias: padded, blocks, lanes }
    }
}

/// Some target rows of an image.
struct Task<'a, T: Lanes> {
    pass: &'a Pass,
    terms: &'a Terms,
    source: &'a [T],
    weights: &'a Weights<T>,
    activation: Activation,
    target: &'a SharedSlice<'a, T>,
    image: usize,
    rows: Range<usize>,
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (pass, terms) = (self.pass, self.terms);
        let [height, width] = pass.source_size;
        let image = &self.source[self.image * height * width * pass.sources..][..height * width * pass.sources];
        let (row_stride, column_stride) = (pass.rows.stride, pass.columns.stride);
        // The first row and column of what is read, and the length of its rows.
        let in_place = pass.rows.stays_inside(height) && pass.columns.stays_inside(width);
        let (first, panel_width) = match in_place {
            true => ([0, 0], width),
            false => {
                let row = (self.rows.start * row_stride) as isize + pass.rows.low();
                ([row, pass.columns.low()], pass.columns.span(pass.columns.count))
            }
        };
        let panel_height = pass.rows.span(self.rows.len());
        let copy = match in_place {
            true => Buffer::default(),
            false => surrounded(image, [1, pass.sources], pass.source_size, first, [panel_height, panel_width]),
        };
        let panel = if in_place { image } else { &copy };
        let depth = pass.depth();
        let lanes = self.weights.lanes;
        let mut sums = Buffer::unspecified(pass.columns.count * widest(S::REGISTER_COUNT) * lanes);
        let mut segments = Vec::with_capacity(terms.rows.len() * terms.columns.len());
        for block in &self.weights.blocks {
            let (channel, block_width) = (block.start * lanes, block.len() * lanes);
            for row in self.rows.clone() {
                segments.clear();
                for &row_offset in &terms.rows {
                    let source_row = ((row * row_stride) as isize + row_offset - first[0]) as usize;
                    let columns = terms.columns.iter().map(|&offset| (offset - first[1]) as usize);
                    segments.extend(columns.map(|column| (source_row * panel_width + column) * pass.sources));
                }
                let product = Product {
                    a: panel,
                    a_row: column_stride * pass.sources,
                    a_step: 1,
                    segments: &segments,
                    depth: terms.depth,
                    b: &self.weights.values[channel * depth..][..block_width * depth],
                    b_step: block_width,
                    c: SharedSlice::new(&mut sums),
                    c_row: block_width,
                    rows: pass.columns.count,
                    vectors: block.len(),
                    start: Start::Row(&self.weights.bias[channel..][..block_width]),
                    ahead: None,
                };
                product.run(simd);
                self.store(simd, row, channel, &mut sums, block_width);
            }
        }
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Writes the channels from `channel` on of a row of target pixels.
    #[inline(always)]
    fn store<S: Simd>(&self, simd: S, row: usize, channel: usize, sums: &mut [T], width: usize) {
        let pass = self.pass;
        let sums = &mut sums[..pass.columns.count * width];
        if self.activation == Activation::Relu {
            T::as_vectors_mut::<S>(sums).0.iter_mut().for_each(
                #[inline(always)]
                |sum| *sum = T::relu(simd, *sum),
            );
        }
        let channels = width.min(pass.targets - channel);
        let target_row = self.image * pass.target_size[0] + pass.rows.first + row * pass.rows.step;
        let start = (target_row * pass.target_size[1] + pass.columns.first) * pass.targets + channel;
        let step = pass.columns.step * pass.targets;
        if step == channels {
            // SAFETY: each task has its rows to itself, and this is all channels of a row's neighbouring pixels.
            let to = unsafe { self.target.part(start, pass.columns.count * step) };
            return store_overlapping::<T, S>(to, step, sums, width);
        }
        for (column, sums) in sums.chunks_exact(width).enumerate() {
            // SAFETY: each task has its rows to itself, and a pass writes a pixel's channels once.
            let to = unsafe { self.target.part(start + column * step, channels) };
            to.copy_from_slice(&sums[..channels]);
        }
    }
}

/// Writes the first `step` numbers of each `width` one after the other: whole blocks, of which the next overwrites what
/// is too much, as long as there is room.
#[inline(always)]
fn store_overlapping<T: Lanes, S: Simd>(to: &mut [T], step: usize, sums: &[T], width: usize) {
    let whole = if to.len() < width { 0 } else { (to.len() - width) / step + 1 };
    let mut blocks = sums.chunks_exact(width);
    for (column, block) in blocks.by_ref().take(whole).enumerate() {
        let to = T::as_vectors_mut::<S>(&mut to[column * step..][..width]).0;
        to.iter_mut().zip(T::as_vectors::<S>(block).0).for_each(|(to, &vector)| *to = vector);
    }
    for (to, block) in to[whole * step..].chunks_exact_mut(step).zip(blocks) {
        to.copy_from_slice(&block[..step]);
    }
}
