//! Target pixels as sums of taps, a SIMD lane per column. The [parent](super) has the map.

use pulp::{Simd, WithSimd};
use smallvec::SmallVec;

use super::super::{Activation, ConvElement, Geometry, TASK};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::Lanes;
use crate::simd;
use crate::threads;

/// Most target channels in a register block.
const MAX_CHANNELS: usize = 6;
/// Numbers of a panel: more rows are taken one block after the other, so that it stays in the first-level cache.
const PANEL: usize = 8192;

/// `y = activation(x * weight + bias)`, where `weight_of` takes a target channel, a source channel of its group and a tap.
pub(super) fn run<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight_of: impl Fn(usize, usize, usize) -> T,
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let ([height, width], outputs) = (geometry.output(), geometry.group_outputs());
    let blocks = outputs.div_ceil(MAX_CHANNELS);
    let weights = pack(geometry, blocks, weight_of);
    let source_len = geometry.group_inputs() * geometry.input[0] * geometry.input[1];
    let target_len = outputs * height * width;
    let each = (TASK / (target_len * geometry.taps()).max(1)).max(1);
    threads::parallel_chunks_mut(y, each * target_len, |task, y| {
        for (index, y) in (task * each..).zip(y.chunks_exact_mut(target_len)) {
            let group = index % geometry.groups;
            simd::dispatch(Task {
                geometry,
                x: &x[index * source_len..][..source_len],
                weights: &weights[group * outputs * geometry.taps()..][..outputs * geometry.taps()],
                bias: bias.map(|bias| &bias[group * outputs..][..outputs]),
                activation,
                blocks,
                y,
            });
        }
    });
}

/// The weights `[group][block of target channels][source channel][tap][target channel]`.
fn pack<T: Lanes>(geometry: &Geometry, blocks: usize, weight_of: impl Fn(usize, usize, usize) -> T) -> Buffer<T> {
    let (outputs, taps) = (geometry.group_outputs(), geometry.kernel[0] * geometry.kernel[1]);
    let mut packed = Buffer::unspecified(geometry.weight_len());
    let mut to = packed.iter_mut();
    for (group, block) in (0..geometry.groups).flat_map(|group| (0..blocks).map(move |block| (group, block))) {
        let targets = balanced(outputs, blocks, block);
        for index in 0..geometry.taps() {
            for (target, to) in targets.clone().zip(&mut to) {
                *to = weight_of(group * outputs + target, index / taps, index % taps);
            }
        }
    }
    packed
}

/// One group of one image.
struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    weights: &'a [T],
    bias: Option<&'a [T]>,
    activation: Activation,
    blocks: usize,
    y: &'a mut [T],
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let panel = Panel::new(self.geometry, T::lanes::<S>());
        let mut numbers = Buffer::unspecified(panel.len());
        let height = self.geometry.output()[0];
        for first in (0..height).step_by(panel.target_rows) {
            let rows = panel.target_rows.min(height - first);
            panel.fill(self.geometry, self.x, first, &mut numbers);
            for block in 0..self.blocks {
                let width = balanced(self.geometry.group_outputs(), self.blocks, block).len();
                match (width, S::REGISTER_COUNT >= 32) {
                    (1, _) => self.block::<S, 1, 8>(simd, &panel, &numbers, block, [first, rows]),
                    (2, true) => self.block::<S, 2, 8>(simd, &panel, &numbers, block, [first, rows]),
                    (3, true) => self.block::<S, 3, 4>(simd, &panel, &numbers, block, [first, rows]),
                    (4, true) => self.block::<S, 4, 4>(simd, &panel, &numbers, block, [first, rows]),
                    (5, true) => self.block::<S, 5, 4>(simd, &panel, &numbers, block, [first, rows]),
                    (6, true) => self.block::<S, 6, 4>(simd, &panel, &numbers, block, [first, rows]),
                    (2, false) => self.block::<S, 2, 4>(simd, &panel, &numbers, block, [first, rows]),
                    (3, false) => self.block::<S, 3, 2>(simd, &panel, &numbers, block, [first, rows]),
                    (4, false) => self.block::<S, 4, 2>(simd, &panel, &numbers, block, [first, rows]),
                    (5, false) => self.block::<S, 5, 2>(simd, &panel, &numbers, block, [first, rows]),
                    (6, false) => self.block::<S, 6, 2>(simd, &panel, &numbers, block, [first, rows]),
                    _ => unreachable!("blocks have 1 to {MAX_CHANNELS} channels"),
                }
            }
        }
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Some target rows of a block of `O` channels, `P` vectors of columns at a time.
    #[inline(always)]
    fn block<S: Simd, const O: usize, const P: usize>(
        &mut self,
        simd: S,
        panel: &Panel,
        numbers: &[T],
        block: usize,
        [first, rows]: [usize; 2],
    ) {
        let ([height, width], lanes) = (self.geometry.output(), T::lanes::<S>());
        let channels = balanced(self.geometry.group_outputs(), self.blocks, block);
        let weights = self.weights[channels.start * self.geometry.taps()..].as_chunks::<O>().0;
        let mut start = [T::ZERO; O];
        if let Some(bias) = self.bias {
            start.copy_from_slice(&bias[channels.clone()]);
        }
        let vectors = width.div_ceil(lanes);
        // The row and the first column of the next vector.
        let mut next = [0, 0];
        let mut lines = Buffer::unspecified(O * P * lanes);
        for tile in (0..rows * vectors).step_by(P) {
            let used = (rows * vectors - tile).min(P);
            // Vectors beyond the last are computed like the tile's first one, and not written.
            let (mut places, mut bases) = ([0; P], [panel.place(next); P]);
            for p in 0..used {
                places[p] = (first + next[0]) * width + next[1];
                bases[p] = panel.place(next);
                next = if next[1] + lanes < width { [next[0], next[1] + lanes] } else { [next[0] + 1, 0] };
            }
            sums::<T, S, O, P>(
                simd,
                Source { numbers, taps: &panel.taps, reach: panel.reach },
                weights,
                start,
                bases,
                &mut lines,
            );
            let planes = self.y.chunks_exact_mut(height * width).skip(channels.start);
            for (plane, sums) in planes.zip(T::as_vectors::<S>(&lines).0.as_chunks::<P>().0) {
                for (&start, &sum) in places[..used].iter().zip(sums) {
                    let sum = if self.activation == Activation::Relu { T::relu(simd, sum) } else { sum };
                    // The next row overwrites what is too much of the last vector of this one.
                    let to = &mut plane[start..];
                    match to.len() >= lanes {
                        true => T::as_vectors_mut::<S>(&mut to[..lanes]).0[0] = sum,
                        false => T::store_part(simd, to, sum),
                    }
                }
            }
        }
    }
}

/// What is summed: the numbers of a panel, the place of each tap, and the furthest of them.
#[derive(Clone, Copy)]
struct Source<'a, T> {
    numbers: &'a [T],
    taps: &'a [usize],
    reach: usize,
}

/// The sums over source channels and taps for the vectors of targets at `bases`, into `lines`.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn sums<T: Lanes, S: Simd, const O: usize, const P: usize>(
    simd: S,
    source: Source<'_, T>,
    weights: &[[T; O]],
    start: [T; O],
    bases: [usize; P],
    lines: &mut [T],
) {
    for base in bases {
        assert!(base + source.reach + T::lanes::<S>() <= source.numbers.len(), "the panel is too short");
    }
    // No closures: array::map would be compiled without the vector instructions. No panics in the loop: before one the sums
    // would have to be in memory.
    let mut sums = [[T::splat(simd, T::ZERO); P]; O];
    for o in 0..O {
        sums[o] = [T::splat(simd, start[o]); P];
    }
    for (weights, &tap) in weights.iter().zip(source.taps) {
        let mut values = [T::splat(simd, T::ZERO); P];
        for p in 0..P {
            // SAFETY: no tap lies further than `reach`, from where a vector at each base is inside (checked above).
            values[p] = unsafe { source.numbers.as_ptr().add(bases[p] + tap).cast::<T::Vector<S>>().read_unaligned() };
        }
        for o in 0..O {
            let weight = T::splat(simd, weights[o]);
            for p in 0..P {
                sums[o][p] = T::mul_add(simd, weight, values[p], sums[o][p]);
            }
        }
    }
    let lines = T::as_vectors_mut::<S>(lines).0.as_chunks_mut::<P>().0;
    for o in 0..O {
        lines[o].copy_from_slice(&sums[o]);
    }
}

/// The source rows under some target rows, with zeros around them, `[channel][row][phase][column]`: of columns that a
/// stride leads to one after the other each phase has every `stride`-th, so that neighbouring targets meet neighbours.
struct Panel {
    /// Target rows that one filling serves.
    target_rows: usize,
    rows: usize,
    phases: usize,
    /// Columns of a phase: those under all vectors of targets.
    columns: usize,
    channels: usize,
    row_step: usize,
    /// Where each source channel and tap lies, seen from a target's place.
    taps: SmallVec<[usize; 32]>,
    /// The furthest of the taps.
    reach: usize,
}

impl Panel {
    fn new(geometry: &Geometry, lanes: usize) -> Self {
        let ([height, width], [row_stride, phases]) = (geometry.output(), geometry.stride);
        let columns = width.next_multiple_of(lanes) + (geometry.reach(1) - 1) / phases;
        let channels = geometry.group_inputs();
        let room = PANEL / (channels * phases * columns).max(1);
        let target_rows = (room.saturating_sub(geometry.reach(0)) / row_stride + 1).min(height).max(1);
        let rows = (target_rows - 1) * row_stride + geometry.reach(0);
        let row_len = phases * columns;
        let [kernel_height, kernel_width] = geometry.kernel;
        let place = |index: usize| {
            let (channel, row) = (index / kernel_width / kernel_height, index / kernel_width % kernel_height);
            let column = index % kernel_width * geometry.dilation[1];
            (channel * rows + row * geometry.dilation[0]) * row_len + column % phases * columns + column / phases
        };
        let taps: SmallVec<_> = (0..geometry.taps()).map(place).collect();
        let reach = taps.iter().copied().max().unwrap_or(0);
        Self { target_rows, rows, phases, columns, channels, row_step: row_stride * row_len, taps, reach }
    }

    fn len(&self) -> usize {
        self.channels * self.rows * self.phases * self.columns
    }

    /// What the first tap of the first channel meets at a target.
    #[inline(always)]
    fn place(&self, [row, column]: [usize; 2]) -> usize {
        row * self.row_step + column
    }

    /// The source under the target rows from `first` on.
    fn fill<T: Lanes>(&self, geometry: &Geometry, x: &[T], first: usize, numbers: &mut [T]) {
        let ([height, width], before) = (geometry.input, geometry.padding.map(|sides| sides[0]));
        let rows = numbers.chunks_exact_mut(self.phases * self.columns);
        for (index, to) in rows.enumerate() {
            let (channel, row) = (index / self.rows, index % self.rows);
            let source = (first * geometry.stride[0] + row).checked_sub(before[0]).filter(|&source| source < height);
            let source = source.map(|source| &x[(channel * height + source) * width..][..width]);
            for (phase, to) in to.chunks_exact_mut(self.columns).enumerate() {
                match source {
                    Some(source) => fill_phase(source, [phase, self.phases], before[1], to),
                    None => to.fill(T::ZERO),
                }
            }
        }
    }
}

/// Every `phases`-th of the numbers that are left of `before` zeros and the source, from number `phase` on; zeros after
/// the last.
fn fill_phase<T: Lanes>(source: &[T], [phase, phases]: [usize; 2], before: usize, to: &mut [T]) {
    let zeros = before.saturating_sub(phase).div_ceil(phases).min(to.len());
    let (start, to) = to.split_at_mut(zeros);
    start.fill(T::ZERO);
    let source = source.get(phase + zeros * phases - before..).unwrap_or_default();
    let count = source.len().div_ceil(phases).min(to.len());
    let (to, rest) = to.split_at_mut(count);
    match phases {
        1 => to.copy_from_slice(&source[..count]),
        _ => to.iter_mut().zip(source.iter().step_by(phases)).for_each(|(to, &from)| *to = from),
    }
    rest.fill(T::ZERO);
}
