//! The kernel of the forward pass and of the gradient of the input. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use smallvec::SmallVec;

use super::super::window::{Axis, Run};
use super::super::{Activation, ConvElement, Geometry};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, Machine, copy_short, machine};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;

/// Most target channels in a register block.
const MAX_CHANNELS: usize = 6;
/// Bytes of the panel that a task copies its source rows to: half a small second-level cache.
const PANEL_BYTES: usize = 128 << 10;
/// Bytes of target that neighbouring tasks, each with a few images of every pixel, write together.
const REGION_BYTES: usize = 1 << 20;
/// Tasks to cut small batches into, so that a few threads find work.
const MIN_TASKS: usize = 16;
/// Fewest target rows in a task, unless the panel would not fit: neighbouring tasks copy some source rows twice.
const MIN_ROWS: usize = 4;

pub(in super::super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let blocks = channel_blocks(geometry, geometry.group_outputs(), geometry.group_inputs());
    let taps = geometry.taps();
    let weights = pack_weights(geometry, &blocks, |target, source, tap| {
        weight[target * taps + source * geometry.kernel[0] * geometry.kernel[1] + tap]
    });
    run(&Gather {
        batch: geometry.batch,
        source: x,
        source_size: geometry.input,
        target: SharedSlice::new(y),
        target_size: geometry.output(),
        channels: geometry.group_inputs(),
        blocks: &blocks,
        weights: &weights,
        kernel: geometry.kernel,
        rows: Axis::forward(geometry, 0),
        columns: Axis::forward(geometry, 1),
        bias,
        activation,
    });
}

pub(in super::super) fn backward_input<T: ConvElement>(
    geometry: &Geometry,
    grad_y: &[T],
    weight: &[T],
    grad_x: &mut [T],
) {
    let (inputs, outputs) = (geometry.group_inputs(), geometry.group_outputs());
    let blocks = channel_blocks(geometry, inputs, outputs);
    let kernel_len = geometry.kernel[0] * geometry.kernel[1];
    let weights = pack_weights(geometry, &blocks, |target, source, tap| {
        let output = target / inputs * outputs + source;
        weight[(output * inputs + target % inputs) * kernel_len + tap]
    });
    run(&Gather {
        batch: geometry.batch,
        source: grad_y,
        source_size: geometry.output(),
        target: SharedSlice::new(grad_x),
        target_size: geometry.input,
        channels: outputs,
        blocks: &blocks,
        weights: &weights,
        kernel: geometry.kernel,
        rows: Axis::backward(geometry, 0),
        columns: Axis::backward(geometry, 1),
        bias: None,
        activation: Activation::Identity,
    });
}

/// A register block of target channels of one group.
struct ChannelBlock {
    targets: Range<usize>,
    /// The first source channel of the group.
    source: usize,
    /// Where the block's weights `[source channel][tap][target channel]` start.
    weights: usize,
}

fn channel_blocks(geometry: &Geometry, targets: usize, sources: usize) -> SmallVec<[ChannelBlock; 8]> {
    let kernel_len = geometry.kernel[0] * geometry.kernel[1];
    let count = targets.div_ceil(MAX_CHANNELS);
    let block = |group: usize, index: usize| {
        let range = balanced(targets, count, index);
        let targets = group * targets + range.start..group * targets + range.end;
        let weights = targets.start * sources * kernel_len;
        ChannelBlock { targets, source: group * sources, weights }
    };
    (0..geometry.groups).flat_map(|group| (0..count).map(move |index| block(group, index))).collect()
}

/// The weights in the order in which the kernel reads them. `weight_of` takes a target channel, a source channel within
/// its group and a tap.
fn pack_weights<T: Lanes>(
    geometry: &Geometry,
    blocks: &[ChannelBlock],
    weight_of: impl Fn(usize, usize, usize) -> T,
) -> Buffer<T> {
    let mut packed = Buffer::unspecified(geometry.weight_len());
    let targets: usize = blocks.iter().map(|block| block.targets.len()).sum();
    let kernel_len = geometry.kernel[0] * geometry.kernel[1];
    let sources = geometry.weight_len() / (targets * kernel_len);
    for block in blocks {
        let size = block.targets.len();
        let block_weights = &mut packed[block.weights..][..size * sources * kernel_len];
        for (index, weights) in block_weights.chunks_exact_mut(size).enumerate() {
            for (weight, target) in weights.iter_mut().zip(block.targets.clone()) {
                *weight = weight_of(target, index / kernel_len, index % kernel_len);
            }
        }
    }
    packed
}

/// A whole pass.
struct Gather<'a, T> {
    batch: usize,
    source: &'a [T],
    source_size: [usize; 2],
    target: SharedSlice<'a, T>,
    target_size: [usize; 2],
    /// Source channels per group.
    channels: usize,
    blocks: &'a [ChannelBlock],
    weights: &'a [T],
    kernel: [usize; 2],
    rows: Axis,
    columns: Axis,
    bias: Option<&'a [T]>,
    activation: Activation,
}

fn run<T: ConvElement>(gather: &Gather<'_, T>) {
    let Machine { lanes, registers } = machine::<T>();
    let images = lanes * widest(registers);
    let batch_blocks = gather.batch.div_ceil(images);
    let rows = rows_per_task(gather, images, batch_blocks);
    let row_blocks = gather.target_size[0].div_ceil(rows);
    threads::parallel_for(batch_blocks * row_blocks, |index| {
        // Neighbouring tasks have the same rows: their images share cache lines and pages.
        let (row_block, batch_block) = (index / batch_blocks, index % batch_blocks);
        let first_image = batch_block * images;
        let first_row = row_block * rows;
        simd::dispatch(Task {
            gather,
            images: first_image..gather.batch.min(first_image + images),
            rows: first_row..gather.target_size[0].min(first_row + rows),
        });
    });
}

/// Most vectors of images in a register block.
const fn widest(registers: usize) -> usize {
    if registers >= 32 { 4 } else { 2 }
}

fn rows_per_task<T>(gather: &Gather<'_, T>, images: usize, batch_blocks: usize) -> usize {
    let height = gather.target_size[0];
    let all_channels = gather.source.len() / (gather.batch * gather.source_size[0] * gather.source_size[1]);
    let row_bytes = all_channels * gather.source_size[1] * images * size_of::<T>();
    let target_row_bytes = gather.target.len() / height * size_of::<T>();
    let for_all_images = REGION_BYTES / target_row_bytes.max(1);
    let mut rows = height.div_ceil(MIN_TASKS.div_ceil(batch_blocks)).min(for_all_images).max(MIN_ROWS).min(height);
    while rows > 1
        && gather.rows.sources(0..rows).len().max(gather.rows.sources(height - rows..height).len()) * row_bytes
            > PANEL_BYTES
    {
        rows = rows.div_ceil(2);
    }
    rows
}

/// The part of a pass that one block of images and some target rows are.
struct Task<'a, T> {
    gather: &'a Gather<'a, T>,
    images: Range<usize>,
    rows: Range<usize>,
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors = self.images.len().div_ceil(T::lanes::<S>());
        match (S::REGISTER_COUNT >= 32, vectors) {
            (true, 0..=1) => self.run::<S, 1, 4>(simd),
            (true, 2) => self.run::<S, 2, 2>(simd),
            (true, _) => self.run::<S, 4, 1>(simd),
            (false, 0..=1) => self.run::<S, 1, 2>(simd),
            (false, _) => self.run::<S, 2, 1>(simd),
        }
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// `V` vectors of images, `P` pixels together.
    #[inline(always)]
    fn run<S: Simd, const V: usize, const P: usize>(&self, simd: S) {
        let gather = self.gather;
        let source_rows = gather.rows.sources(self.rows.clone());
        let panel = self.pack_panel(simd, V * T::lanes::<S>(), source_rows.clone());
        let panel = T::as_vectors::<S>(&panel).0.as_chunks::<V>().0;
        for row in self.rows.clone() {
            let mut row_run = gather.rows.runs[row];
            row_run.source = row_run.source.saturating_sub(source_rows.start);
            for block in gather.blocks {
                let pixels = source_rows.len() * gather.source_size[1];
                let panel = &panel[block.source * pixels..][..gather.channels * pixels];
                match block.targets.len() {
                    1 => self.row::<S, V, P, 1>(simd, panel, pixels, block, row, row_run),
                    2 => self.row::<S, V, P, 2>(simd, panel, pixels, block, row, row_run),
                    3 => self.row::<S, V, P, 3>(simd, panel, pixels, block, row, row_run),
                    4 => self.row::<S, V, P, 4>(simd, panel, pixels, block, row, row_run),
                    5 => self.row::<S, V, P, 5>(simd, panel, pixels, block, row, row_run),
                    6 => self.row::<S, V, P, 6>(simd, panel, pixels, block, row, row_run),
                    _ => unreachable!("blocks have 1 to {MAX_CHANNELS} channels"),
                }
            }
        }
    }

    /// Copies the source rows of the task's images to `[channel][row][column][width images]`, zeros after the last image.
    #[inline(always)]
    fn pack_panel<S: Simd>(&self, simd: S, width: usize, rows: Range<usize>) -> Buffer<T> {
        let gather = self.gather;
        let [height, columns] = gather.source_size;
        let channels = gather.source.len() / (gather.batch * height * columns);
        let mut panel = Buffer::unspecified(channels * rows.len() * columns * width);
        let used = self.images.len();
        let mut pixels = panel.chunks_exact_mut(width);
        for channel in 0..channels {
            let start = (channel * height + rows.start) * columns;
            for (pixel, to) in (start..start + rows.len() * columns).zip(&mut pixels) {
                copy_short(simd, to, &gather.source[pixel * gather.batch + self.images.start..][..used]);
            }
        }
        panel
    }

    /// One target row of a block of `O` channels.
    #[inline(always)]
    fn row<S: Simd, const V: usize, const P: usize, const O: usize>(
        &self,
        simd: S,
        panel: &[[T::Vector<S>; V]],
        pixels: usize,
        block: &ChannelBlock,
        row: usize,
        row_run: Run,
    ) {
        let mut column = 0;
        while column < self.gather.target_size[1] {
            if P > 1 && self.meet_the_same_taps(column, P) {
                self.pixels::<S, V, P, O>(simd, panel, pixels, block, [row, column], row_run);
                column += P;
            } else {
                self.pixels::<S, V, 1, O>(simd, panel, pixels, block, [row, column], row_run);
                column += 1;
            }
        }
    }

    /// Whether there are `count` columns from this one on that meet the same taps, in neighbouring sources.
    #[inline(always)]
    fn meet_the_same_taps(&self, column: usize, count: usize) -> bool {
        let Some([first, others @ ..]) = self.gather.columns.runs.get(column..column + count) else {
            return false;
        };
        others.iter().enumerate().all(|(index, &run)| run == Run { source: first.source + 1 + index, ..*first })
    }

    /// `P` neighbouring pixels of a block of `O` channels.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn pixels<S: Simd, const V: usize, const P: usize, const O: usize>(
        &self,
        simd: S,
        panel: &[[T::Vector<S>; V]],
        pixels: usize,
        block: &ChannelBlock,
        [row, column]: [usize; 2],
        row_run: Run,
    ) {
        let gather = self.gather;
        let weights = gather.weights[block.weights..].as_chunks::<O>().0;
        let mut sums = [[[T::splat(simd, T::ZERO); V]; P]; O];
        if let Some(bias) = gather.bias {
            let bias = &bias[block.targets.clone()][..O];
            for o in 0..O {
                sums[o] = [[T::splat(simd, bias[o]); V]; P];
            }
        }
        let run = gather.columns.runs[column];
        let mut sums = self.with_window::<S, V, P, O>(simd, sums, panel, pixels, weights, row_run, run);
        for o in 0..O {
            let pixel = ((block.targets.start + o) * gather.target_size[0] + row) * gather.target_size[1] + column;
            for p in 0..P {
                if gather.activation == Activation::Relu {
                    for v in 0..V {
                        sums[o][p][v] = T::relu(simd, sums[o][p][v]);
                    }
                }
                self.store(simd, pixel + p, sums[o][p]);
            }
        }
    }

    /// `sums` and the products of all source channels and taps, for `O` target channels, `P` pixels and `V` vectors of images.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn with_window<S: Simd, const V: usize, const P: usize, const O: usize>(
        &self,
        simd: S,
        mut sums: [[[T::Vector<S>; V]; P]; O],
        panel: &[[T::Vector<S>; V]],
        pixels: usize,
        weights: &[[T; O]],
        rows: Run,
        columns: Run,
    ) -> [[[T::Vector<S>; V]; P]; O] {
        let gather = self.gather;
        if columns.count == 0 {
            return sums;
        }
        let (width, last) = (gather.source_size[1], columns.count - 1);
        let [kernel_height, kernel_width] = gather.kernel;
        for channel in 0..gather.channels {
            for index in 0..rows.count {
                let source_row = rows.source.wrapping_add_signed(gather.rows.source_step * index as isize);
                let tap_row = channel * kernel_height + rows.tap + index * gather.rows.tap_step;
                let source = channel * pixels + source_row * width + columns.source;
                let tap = tap_row * kernel_width + columns.tap;
                let last_source = source.wrapping_add_signed(gather.columns.source_step * last as isize);
                assert!(source.max(last_source) + P <= panel.len() && source.min(last_source) < panel.len());
                assert!(tap + last * gather.columns.tap_step < weights.len());
                let (mut source, mut weight) = (panel[source..].as_ptr(), weights[tap..].as_ptr());
                for _ in 0..columns.count {
                    // SAFETY: the first and the last tap's places are inside (asserted), and the others are between them.
                    unsafe { add_tap::<T, S, V, P, O>(simd, &mut sums, source, weight) };
                    source = source.wrapping_offset(gather.columns.source_step);
                    weight = weight.wrapping_add(gather.columns.tap_step);
                }
            }
        }
        sums
    }

    /// Writes the task's images of a target pixel.
    #[inline(always)]
    fn store<S: Simd, const V: usize>(&self, simd: S, pixel: usize, values: [T::Vector<S>; V]) {
        // SAFETY: no two tasks have the same images and rows, and a task writes one pixel at a time.
        let images =
            unsafe { self.gather.target.part(pixel * self.gather.batch + self.images.start, self.images.len()) };
        let (whole, rest) = T::as_vectors_mut::<S>(images);
        if whole.len() == V {
            for (to, value) in whole.iter_mut().zip(values) {
                *to = value;
            }
        } else {
            for (to, value) in whole.iter_mut().zip(values) {
                *to = value;
            }
            let last = values[whole.len()];
            T::store_part(simd, rest, last);
        }
    }
}

/// Adds the products of a tap.
///
/// # Safety
/// There must be `P` sources' vectors and `O` weights at those places.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
unsafe fn add_tap<T: Lanes, S: Simd, const V: usize, const P: usize, const O: usize>(
    simd: S,
    sums: &mut [[[T::Vector<S>; V]; P]; O],
    source: *const [T::Vector<S>; V],
    weights: *const [T; O],
) {
    // SAFETY: by this function's terms.
    let (values, weights) = unsafe { (&*source.cast::<[[T::Vector<S>; V]; P]>(), &*weights) };
    for o in 0..O {
        let weight = T::splat(simd, weights[o]);
        for p in 0..P {
            for v in 0..V {
                sums[o][p][v] = T::mul_add(simd, weight, values[p][v], sums[o][p][v]);
            }
        }
    }
}
