//! The kernel of the forward pass and of the gradient of the input. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use smallvec::SmallVec;

use super::super::window::{Axis, Run};
use super::super::windows::{Output, Place, Target};
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
    output: Output<'_, T>,
) {
    let (target, target_size) = Target::new(output, geometry);
    let blocks = channel_blocks(geometry, geometry.group_outputs(), geometry.group_inputs());
    let taps = geometry.taps();
    let weights = pack_weights(geometry, &blocks, |target, source, tap| {
        weight[target * taps + source * geometry.kernel[0] * geometry.kernel[1] + tap]
    });
    run(&Gather {
        batch: geometry.batch,
        source: x,
        source_size: geometry.input,
        target,
        target_size,
        targets: geometry.out_channels,
        channels: geometry.group_inputs(),
        blocks: &blocks,
        weights: &weights,
        kernel: geometry.kernel,
        rows: Axis::forward(geometry, 0),
        columns: Axis::forward(geometry, 1),
        bias,
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
        target: Target::Pixels(Activation::Identity, SharedSlice::new(grad_x)),
        target_size: geometry.input,
        targets: geometry.in_channels,
        channels: outputs,
        blocks: &blocks,
        weights: &weights,
        kernel: geometry.kernel,
        rows: Axis::backward(geometry, 0),
        columns: Axis::backward(geometry, 1),
        bias: None,
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
    target: Target<'a, T>,
    /// Height and width of what is computed.
    target_size: [usize; 2],
    /// Target channels of all groups.
    targets: usize,
    /// Source channels per group.
    channels: usize,
    blocks: &'a [ChannelBlock],
    weights: &'a [T],
    kernel: [usize; 2],
    rows: Axis,
    columns: Axis,
    bias: Option<&'a [T]>,
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
    let target_row_bytes = gather.targets * gather.target_size[1] * gather.batch * size_of::<T>();
    let for_all_images = REGION_BYTES / target_row_bytes.max(1);
    let mut rows = height.div_ceil(MIN_TASKS.div_ceil(batch_blocks)).min(for_all_images).max(MIN_ROWS).min(height);
    while rows > 1
        && gather.rows.sources(0..rows).len().max(gather.rows.sources(height - rows..height).len()) * row_bytes
            > PANEL_BYTES
    {
        rows = rows.div_ceil(2);
    }
    rows.next_multiple_of(gather.target.rows())
}

/// The part of a pass that one block of images and some target rows are.
struct Task<'a, T> {
    gather: &'a Gather<'a, T>,
    images: Range<usize>,
    rows: Range<usize>,
}

/// The source rows that a task reads, `[channel][row][column][images]`.
struct Panel<'a, V> {
    vectors: &'a [V],
    first_row: usize,
    /// Pixels of a channel.
    pixels: usize,
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
        let (gather, lanes) = (self.gather, V * T::lanes::<S>());
        let source_rows = gather.rows.sources(self.rows.clone());
        let packed;
        // As many images as there are lie in the tensor as they would in the panel.
        let (panel, panel_rows) = match gather.batch == lanes {
            true => (gather.source, 0..gather.source_size[0]),
            false => {
                packed = self.pack_panel(simd, lanes, source_rows.clone());
                (&packed[..], source_rows)
            }
        };
        let panel = T::as_vectors::<S>(panel).0.as_chunks::<V>().0;
        let panel =
            Panel { vectors: panel, first_row: panel_rows.start, pixels: panel_rows.len() * gather.source_size[1] };
        let (step, columns) = match gather.target {
            Target::Pixels(..) => (1, gather.target_size[1]),
            Target::Windows(_) => (2, P.max(2)),
        };
        let mut scratch = Buffer::unspecified(if step == 2 { MAX_CHANNELS * 2 * columns * lanes } else { 0 });
        for row in self.rows.clone().step_by(step) {
            for block in gather.blocks {
                for column in (0..gather.target_size[1]).step_by(columns) {
                    let columns = column..gather.target_size[1].min(column + columns);
                    self.area::<S, V, P>(simd, &panel, block, row..row + step, columns, &mut scratch);
                }
            }
        }
    }

    /// The target rows and columns of a block of channels, and the windows of which they are the pixels.
    #[inline(always)]
    fn area<S: Simd, const V: usize, const P: usize>(
        &self,
        simd: S,
        panel: &Panel<'_, [T::Vector<S>; V]>,
        block: &ChannelBlock,
        rows: Range<usize>,
        columns: Range<usize>,
        scratch: &mut [T],
    ) {
        let (gather, lanes) = (self.gather, V * T::lanes::<S>());
        let shared = SharedSlice::new(scratch);
        let first = [block.targets.start, rows.start, columns.start];
        let whole = (gather.batch, gather.target_size);
        let place = gather.target.place(&shared, first, columns.len(), lanes, whole, self.images.start);
        for row in rows.clone() {
            match block.targets.len() {
                1 => self.row::<S, V, P, 1>(simd, panel, block, row, columns.clone(), &place),
                2 => self.row::<S, V, P, 2>(simd, panel, block, row, columns.clone(), &place),
                3 => self.row::<S, V, P, 3>(simd, panel, block, row, columns.clone(), &place),
                4 => self.row::<S, V, P, 4>(simd, panel, block, row, columns.clone(), &place),
                5 => self.row::<S, V, P, 5>(simd, panel, block, row, columns.clone(), &place),
                6 => self.row::<S, V, P, 6>(simd, panel, block, row, columns.clone(), &place),
                _ => unreachable!("blocks have 1 to {MAX_CHANNELS} channels"),
            }
        }
        if let Target::Windows(windows) = &gather.target {
            let place = [rows.start, columns.start, columns.len()];
            // SAFETY: no two tasks have the same images and rows.
            unsafe { windows.write(scratch, lanes, block.targets.clone(), place, &self.images) };
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

    /// Some columns of a target row of a block of `O` channels.
    #[inline(always)]
    fn row<S: Simd, const V: usize, const P: usize, const O: usize>(
        &self,
        simd: S,
        panel: &Panel<'_, [T::Vector<S>; V]>,
        block: &ChannelBlock,
        row: usize,
        columns: Range<usize>,
        place: &Place<'_, T>,
    ) {
        let mut column = columns.start;
        while column < columns.end {
            if P > 1 && column + P <= columns.end && self.meet_the_same_taps(column, P) {
                self.pixels::<S, V, P, O>(simd, panel, block, [row, column], place);
                column += P;
            } else {
                self.pixels::<S, V, 1, O>(simd, panel, block, [row, column], place);
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
        panel: &Panel<'_, [T::Vector<S>; V]>,
        block: &ChannelBlock,
        [row, column]: [usize; 2],
        place: &Place<'_, T>,
    ) {
        let gather = self.gather;
        let source = &panel.vectors[block.source * panel.pixels..][..gather.channels * panel.pixels];
        let mut row_run = gather.rows.runs[row];
        row_run.source = row_run.source.saturating_sub(panel.first_row);
        let weights = gather.weights[block.weights..].as_chunks::<O>().0;
        let mut sums = [[[T::splat(simd, T::ZERO); V]; P]; O];
        if let Some(bias) = gather.bias {
            let bias = &bias[block.targets.clone()][..O];
            for o in 0..O {
                sums[o] = [[T::splat(simd, bias[o]); V]; P];
            }
        }
        let run = gather.columns.runs[column];
        let mut sums = self.with_window::<S, V, P, O>(simd, sums, source, panel.pixels, weights, row_run, run);
        if gather.target.rectifies_pixels() {
            for o in 0..O {
                for p in 0..P {
                    for v in 0..V {
                        sums[o][p][v] = T::relu(simd, sums[o][p][v]);
                    }
                }
            }
        }
        self.store(simd, place, place.start([block.targets.start, row, column]), sums);
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
        if rows.count == 0 || columns.count == 0 {
            return sums;
        }
        let (width, [kernel_height, kernel_width]) = (gather.source_size[1], gather.kernel);
        let source_steps = [gather.rows.source_step * width as isize, gather.columns.source_step];
        let tap_steps = [gather.rows.tap_step * kernel_width, gather.columns.tap_step];
        let last = [rows.count - 1, columns.count - 1];
        let source = rows.source * width + columns.source;
        let last_source = source
            .wrapping_add_signed(source_steps[0] * last[0] as isize)
            .wrapping_add_signed(source_steps[1] * last[1] as isize);
        let tap = rows.tap * kernel_width + columns.tap;
        let last_tap = tap + tap_steps[0] * last[0] + tap_steps[1] * last[1];
        assert!(source < pixels && last_source < pixels);
        assert!((gather.channels - 1) * pixels + source.max(last_source) + P <= panel.len());
        assert!((gather.channels - 1) * kernel_height * kernel_width + last_tap < weights.len());
        for channel in 0..gather.channels {
            let mut source_row = panel.as_ptr().wrapping_add(channel * pixels + source);
            let mut tap_row = weights.as_ptr().wrapping_add(channel * kernel_height * kernel_width + tap);
            for _ in 0..rows.count {
                let (mut source, mut weight) = (source_row, tap_row);
                for _ in 0..columns.count {
                    // SAFETY: the first and the last tap's places are inside (asserted), and the others are between them, as rows
                    // and columns go the same way.
                    unsafe { add_tap::<T, S, V, P, O>(simd, &mut sums, source, weight) };
                    source = source.wrapping_offset(source_steps[1]);
                    weight = weight.wrapping_add(tap_steps[1]);
                }
                source_row = source_row.wrapping_offset(source_steps[0]);
                tap_row = tap_row.wrapping_add(tap_steps[0]);
            }
        }
        sums
    }

    /// Writes the task's images of neighbouring pixels of some channels, the first of which begins at `start`.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn store<S: Simd, const V: usize, const P: usize, const O: usize>(
        &self,
        simd: S,
        place: &Place<'_, T>,
        start: usize,
        sums: [[[T::Vector<S>; V]; P]; O],
    ) {
        let (images, channel, pixel) = (self.images.len(), place.channel_len(), place.batch);
        assert!(start + (O - 1) * channel + (P - 1) * pixel + images <= place.to.len());
        for o in 0..O {
            for p in 0..P {
                let at = start + o * channel + p * pixel;
                if images == V * T::lanes::<S>() {
                    let to = place.to.start().wrapping_add(at).cast::<[T::Vector<S>; V]>();
                    // SAFETY: no place is behind the last, which is inside (asserted), no two tasks have the same images and
                    // rows, and a task writes one pixel at a time.
                    unsafe { to.write_unaligned(sums[o][p]) };
                } else {
                    // SAFETY: as above.
                    let to = unsafe { place.to.part(at, images) };
                    store_some(simd, to, sums[o][p]);
                }
            }
        }
    }
}

/// Writes as many numbers as `to` has room for.
#[inline(always)]
fn store_some<T: Lanes, S: Simd, const V: usize>(simd: S, to: &mut [T], values: [T::Vector<S>; V]) {
    let (whole, rest) = T::as_vectors_mut::<S>(to);
    for (to, value) in whole.iter_mut().zip(values) {
        *to = value;
    }
    if !rest.is_empty() {
        T::store_part(simd, rest, values[whole.len()]);
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
