//! A pass as packed panels and a register kernel. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::pass::Pass;
use super::super::{Activation, ConvElement};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, Machine, machine};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;

/// Most target channels in a register block.
const MAX_CHANNELS: usize = 6;
/// Bytes of packed patches per task: they share a small second-level cache with weights and results.
const PANEL_BYTES: usize = 192 << 10;
/// Longest sum before its partial results go through the target: a tile of patches of this depth fits the first-level
/// cache.
const MAX_DEPTH: usize = 768;
/// Tasks to cut a small batch into, by target channels once pixels are used up.
const MIN_TASKS: usize = 8;

/// Most vectors of pixels in a register block.
const fn widest(registers: usize) -> usize {
    if registers >= 32 { 4 } else { 2 }
}

/// Register blocks of target channels in a group.
fn blocks_of(pass: &Pass) -> usize {
    pass.targets.div_ceil(MAX_CHANNELS)
}

/// The weights as `[group][block of target channels][source channel][tap][target channel]`. `weight_of` takes a target
/// channel, a source channel within its group and a tap of the kernel.
pub(super) fn pack_weights<T: Lanes>(pass: &Pass, weight_of: impl Fn(usize, usize, usize) -> T + Sync) -> Buffer<T> {
    let depth = pass.depth();
    let taps: Vec<usize> = pass.taps().collect();
    let mut packed = Buffer::unspecified(pass.groups * pass.targets * depth);
    let shared = SharedSlice::new(&mut packed);
    let blocks = blocks_of(pass);
    threads::parallel_for(pass.groups * blocks, |index| {
        let channels = balanced(pass.targets, blocks, index % blocks);
        let first = index / blocks * pass.targets + channels.start;
        // SAFETY: blocks of channels do not overlap, and each is packed once.
        let block = unsafe { shared.part(first * depth, channels.len() * depth) };
        let positions = (0..pass.sources).flat_map(|source| taps.iter().map(move |&tap| (source, tap)));
        for (weights, (source, tap)) in block.chunks_exact_mut(channels.len()).zip(positions) {
            for (offset, weight) in weights.iter_mut().enumerate() {
                *weight = weight_of(first + offset, source, tap);
            }
        }
    });
    packed
}

/// Runs a pass over the batch; the pass's target pixels are written whole.
pub(super) fn run<T: ConvElement>(
    pass: &Pass,
    source: &[T],
    weights: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    target: &mut [T],
) {
    let cut = Cut::new::<T>(pass);
    let target = SharedSlice::new(target);
    threads::parallel_for(cut.tasks(pass), |index| {
        let (index, part) = (index / cut.channel_parts, index % cut.channel_parts);
        let (index, group) = (index / pass.groups, index % pass.groups);
        let (images, rows) = (index / cut.row_blocks * cut.images, index % cut.row_blocks * cut.rows);
        simd::dispatch(Task {
            pass,
            source,
            weights,
            bias,
            activation,
            target: &target,
            group,
            blocks: balanced(blocks_of(pass), cut.channel_parts, part),
            images: images..pass.batch.min(images + cut.images),
            rows: rows..pass.rows.count.min(rows + cut.rows),
            chunks: cut.chunks,
        });
    });
}

/// How a pass is cut into tasks.
struct Cut {
    images: usize,
    rows: usize,
    row_blocks: usize,
    /// Parts that the target channels are cut into.
    channel_parts: usize,
    /// Chunks that the source channels are cut into, one after the other in a task.
    chunks: usize,
}

impl Cut {
    fn new<T: Lanes>(pass: &Pass) -> Self {
        let Machine { lanes, registers } = machine::<T>();
        let chunks = pass.depth().div_ceil(MAX_DEPTH).clamp(1, pass.sources);
        let depth = pass.sources.div_ceil(chunks) * pass.taps_len().max(1);
        let pixels = (PANEL_BYTES / size_of::<T>() / depth).max(lanes * widest(registers));
        let rows = (pixels / pass.columns.count).clamp(1, pass.rows.count);
        let row_blocks = pass.rows.count.div_ceil(rows);
        let rows = pass.rows.count.div_ceil(row_blocks);
        let images = if row_blocks > 1 { 1 } else { (pixels / (rows * pass.columns.count)).clamp(1, pass.batch) };
        let tasks = row_blocks * pass.batch.div_ceil(images) * pass.groups;
        let channel_parts = MIN_TASKS.div_ceil(tasks).min(blocks_of(pass));
        Self { images, rows, row_blocks, channel_parts, chunks }
    }

    fn tasks(&self, pass: &Pass) -> usize {
        pass.batch.div_ceil(self.images) * self.row_blocks * pass.groups * self.channel_parts
    }
}

/// Some rows of an image, or some images, of a group's target channels.
struct Task<'a, T> {
    pass: &'a Pass,
    source: &'a [T],
    weights: &'a [T],
    bias: Option<&'a [T]>,
    activation: Activation,
    target: &'a SharedSlice<'a, T>,
    group: usize,
    blocks: Range<usize>,
    images: Range<usize>,
    rows: Range<usize>,
    chunks: usize,
}

/// The source under a task's windows: the first window's first tap, and the distances from there.
struct Source<'a, T> {
    values: &'a [T],
    image: usize,
    channel: usize,
    row: usize,
}

/// What a register block's sums are added to and become.
#[derive(Clone, Copy)]
struct Stage {
    is_first: bool,
    is_last: bool,
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.run::<S, 4>(simd);
        } else {
            self.run::<S, 2>(simd);
        }
    }
}

impl<T: ConvElement> Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(&self, simd: S) {
        let targets = self.target_positions();
        let width = V * T::lanes::<S>();
        let tiles = targets.len().div_ceil(width);
        for chunk in 0..self.chunks {
            let stage = Stage { is_first: chunk == 0, is_last: chunk + 1 == self.chunks };
            let channels = balanced(self.pass.sources, self.chunks, chunk);
            let depth = channels.len() * self.pass.taps_len();
            let panel = self.pack_panel::<S>(simd, channels.clone(), width, tiles);
            let panel = T::as_vectors::<S>(&panel).0.as_chunks::<V>().0;
            for block in self.blocks.clone() {
                let outputs = balanced(self.pass.targets, blocks_of(self.pass), block);
                let first = self.group * self.pass.targets + outputs.start;
                let start = first * self.pass.depth() + channels.start * self.pass.taps_len() * outputs.len();
                let weights = &self.weights[start..][..depth * outputs.len()];
                for tile in 0..tiles {
                    let panel = &panel[tile * depth..][..depth];
                    let targets = &targets[tile * width..targets.len().min((tile + 1) * width)];
                    match outputs.len() {
                        1 => self.tile::<S, V, 1>(simd, weights, panel, first, targets, stage),
                        2 => self.tile::<S, V, 2>(simd, weights, panel, first, targets, stage),
                        3 => self.tile::<S, V, 3>(simd, weights, panel, first, targets, stage),
                        4 => self.tile::<S, V, 4>(simd, weights, panel, first, targets, stage),
                        5 => self.tile::<S, V, 5>(simd, weights, panel, first, targets, stage),
                        6 => self.tile::<S, V, 6>(simd, weights, panel, first, targets, stage),
                        _ => unreachable!("blocks have 1 to {MAX_CHANNELS} channels"),
                    }
                }
            }
        }
    }

    /// Where the task's pixels lie in the target, for channel 0.
    fn target_positions(&self) -> Vec<usize> {
        let pass = self.pass;
        let [height, width] = pass.target_size;
        let image_len = pass.groups * pass.targets * height * width;
        let rows = self.images.clone().flat_map(|image| self.rows.clone().map(move |row| (image, row)));
        rows.flat_map(|(image, row)| {
            let start = image * image_len + (pass.rows.first + row * pass.rows.step) * width + pass.columns.first;
            (0..pass.columns.count).map(move |column| start + column * pass.columns.step)
        })
        .collect()
    }

    /// Packs the patches of `channels` as `[tile][channel, tap][pixel]`. Pixels after the last repeat it.
    #[inline(always)]
    fn pack_panel<S: Simd>(&self, simd: S, channels: Range<usize>, width: usize, tiles: usize) -> Buffer<T> {
        let pass = self.pass;
        let depth = channels.len() * pass.taps_len();
        let padded;
        let source = if pass.rows.stays_inside(pass.source_size[0]) && pass.columns.stays_inside(pass.source_size[1]) {
            self.source_in_place(channels.clone())
        } else {
            padded = self.copy_padded(channels.clone());
            self.source_in_copy(&padded, channels.len())
        };
        let (low_row, low_column) = (pass.rows.low(), pass.columns.low());
        let mut taps = Vec::with_capacity(depth);
        for channel in 0..channels.len() {
            for &(_, row) in &pass.rows.taps {
                let start = channel * source.channel + (row - low_row) as usize * source.row;
                taps.extend(pass.columns.taps.iter().map(|&(_, column)| start + (column - low_column) as usize));
            }
        }
        let mut pixels = Vec::with_capacity(tiles * width);
        for image in 0..self.images.len() {
            for row in 0..self.rows.len() {
                let start = image * source.image + row * pass.rows.stride * source.row;
                pixels.extend((0..pass.columns.count).map(|column| start + column * pass.columns.stride));
            }
        }
        pixels.resize(tiles * width, *pixels.last().expect("a task has pixels"));
        let mut panel = Buffer::unspecified(tiles * depth * width);
        if depth > 0 {
            for (panel, pixels) in panel.chunks_exact_mut(depth * width).zip(pixels.chunks_exact(width)) {
                pack_tile(simd, source.values, &taps, pixels, panel);
            }
        }
        panel
    }

    /// For windows that never leave the image.
    fn source_in_place(&self, channels: Range<usize>) -> Source<'_, T> {
        let pass = self.pass;
        let [height, width] = pass.source_size;
        let channel = self.images.start * pass.groups * pass.sources + self.group * pass.sources + channels.start;
        let row = self.rows.start * pass.rows.stride + pass.rows.low() as usize;
        let start = (channel * height + row) * width + pass.columns.low() as usize;
        let image = pass.groups * pass.sources * height * width;
        Source { values: &self.source[start..], image, channel: height * width, row: width }
    }

    fn source_in_copy<'b>(&self, copy: &'b [T], channels: usize) -> Source<'b, T> {
        let row = self.pass.columns.span(self.pass.columns.count);
        let channel = self.pass.rows.span(self.rows.len()) * row;
        Source { values: copy, image: channels * channel, channel, row }
    }

    /// The source under the task's windows as `[image][channel][row][column]`, zeros outside the image.
    fn copy_padded(&self, channels: Range<usize>) -> Buffer<T> {
        let pass = self.pass;
        let [height, width] = pass.source_size;
        let (rows, columns) = (pass.rows.span(self.rows.len()), pass.columns.span(pass.columns.count));
        let mut copy = Buffer::unspecified(self.images.len() * channels.len() * rows * columns);
        let left = pass.columns.low().min(0).unsigned_abs().min(columns);
        let skipped = pass.columns.low().max(0) as usize;
        let used = (columns - left).min(width.saturating_sub(skipped));
        let planes = self.images.clone().flat_map(|image| channels.clone().map(move |channel| (image, channel)));
        for ((image, channel), plane) in planes.zip(copy.chunks_exact_mut(rows * columns)) {
            let plane_start = ((image * pass.groups + self.group) * pass.sources + channel) * height;
            for (row, to) in plane.chunks_exact_mut(columns).enumerate() {
                let row = (self.rows.start * pass.rows.stride + row) as isize + pass.rows.low();
                if row < 0 || row >= height as isize || used == 0 {
                    to.fill(T::ZERO);
                    continue;
                }
                let from = &self.source[(plane_start + row as usize) * width + skipped..][..used];
                to[..left].fill(T::ZERO);
                to[left..left + used].copy_from_slice(from);
                to[left + used..].fill(T::ZERO);
            }
        }
        copy
    }

    /// Sums a register block and writes it.
    #[inline(always)]
    fn tile<S: Simd, const V: usize, const O: usize>(
        &self,
        simd: S,
        weights: &[T],
        panel: &[[T::Vector<S>; V]],
        first: usize,
        targets: &[usize],
        stage: Stage,
    ) {
        let mut sums = [[T::splat(simd, T::ZERO); V]; O];
        for (weights, values) in weights.as_chunks::<O>().0.iter().zip(panel) {
            for o in 0..O {
                let weight = T::splat(simd, weights[o]);
                for v in 0..V {
                    sums[o][v] = T::mul_add(simd, weight, values[v], sums[o][v]);
                }
            }
        }
        let plane_len = self.pass.target_size[0] * self.pass.target_size[1];
        for (o, sums) in sums.into_iter().enumerate() {
            let plane = (first + o) * plane_len;
            let lanes = V * T::lanes::<S>();
            if targets.len() == lanes && targets[lanes - 1] - targets[0] == lanes - 1 {
                // SAFETY: no two tasks have the same pixels and channels, and a task writes one channel at a time.
                let row = unsafe { self.target.part(plane + targets[0], lanes) };
                for (to, sum) in T::as_vectors_mut::<S>(row).0.iter_mut().zip(sums) {
                    *to = self.finish(simd, first + o, stage, *to, sum);
                }
            } else {
                self.scatter(simd, first + o, plane, targets, &sums, stage);
            }
        }
    }

    /// Adds what earlier chunks left, and in the last chunk bias and activation.
    #[inline(always)]
    fn finish<S: Simd>(
        &self,
        simd: S,
        channel: usize,
        stage: Stage,
        before: T::Vector<S>,
        sum: T::Vector<S>,
    ) -> T::Vector<S> {
        let mut sum = if stage.is_first { sum } else { T::add_lanes(simd, before, sum) };
        if stage.is_last {
            if let Some(bias) = self.bias {
                sum = T::add_lanes(simd, sum, T::splat(simd, bias[channel]));
            }
            if self.activation == Activation::Relu {
                sum = T::relu(simd, sum);
            }
        }
        sum
    }

    /// Writes a tile whose pixels are not neighbours in the target, or are too few.
    #[inline(always)]
    fn scatter<S: Simd>(
        &self,
        simd: S,
        channel: usize,
        plane: usize,
        targets: &[usize],
        sums: &[T::Vector<S>],
        stage: Stage,
    ) {
        for (targets, &sum) in targets.chunks(T::lanes::<S>()).zip(sums) {
            let mut values = T::splat(simd, T::ZERO);
            let lanes: &mut [T] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut values));
            for (value, &target) in lanes.iter_mut().zip(targets) {
                // SAFETY: as in `tile`.
                *value = unsafe { self.target.part(plane + target, 1) }[0];
            }
            let finished = self.finish(simd, channel, stage, values, sum);
            let lanes: &[T] = bytemuck::cast_slice(std::slice::from_ref(&finished));
            for (&value, &target) in lanes.iter().zip(targets) {
                // SAFETY: as in `tile`.
                let pixel = unsafe { self.target.part(plane + target, 1) };
                pixel[0] = value;
            }
        }
    }
}

/// Packs a tile as `[channel, tap][pixel]`: `taps` are distances from the pixels' positions.
#[inline(always)]
fn pack_tile<T: Lanes, S: Simd>(_: S, source: &[T], taps: &[usize], pixels: &[usize], panel: &mut [T]) {
    let width = pixels.len();
    let are_neighbours = pixels.windows(2).all(|pair| pair[1] == pair[0] + 1);
    for (&tap, panel) in taps.iter().zip(panel.chunks_exact_mut(width)) {
        if are_neighbours {
            let from = T::as_vectors::<S>(&source[pixels[0] + tap..][..width]).0;
            for (to, &value) in T::as_vectors_mut::<S>(panel).0.iter_mut().zip(from) {
                *to = value;
            }
        } else {
            for (to, &pixel) in panel.iter_mut().zip(pixels) {
                *to = source[pixel + tap];
            }
        }
    }
}
