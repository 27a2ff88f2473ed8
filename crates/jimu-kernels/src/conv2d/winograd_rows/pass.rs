//! The forward pass and the gradient of the input. The [parent](super) has the map.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::windows::{Output, Place, Target};
use super::super::{Activation, ConvElement, Geometry, batch_innermost};
use super::images::{Images, Row, gather, scatter, store_line};
use super::rule::{Line, MAX_POINTS, Rule};
use super::sums_are_short;
use super::tiles::{Strip, Strips, cut, with_rule};
use super::weights::{Weights, transform};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::lanes::{Lanes, machine};
use crate::product::{Product, Start, widest};
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads;

/// Most vectors of images in a task.
const VECTORS: usize = 2;
/// Bytes of a task's transformed rows: half a second-level cache.
const PANEL_BYTES: usize = 512 << 10;
/// Tasks to cut small batches into, so that a few threads find work.
const MIN_TASKS: usize = 16;
/// Fewest target rows in a task, unless the panel would not fit: neighbouring tasks transform some source rows twice.
const MIN_ROWS: usize = 8;
/// Target channels whose products are transformed back together.
const CHANNELS: usize = 6;

pub(in super::super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    output: Output<'_, T>,
) {
    let (sources, [height, _]) = (geometry.in_channels, geometry.kernel);
    if sums_are_short(geometry) {
        return batch_innermost::forward(geometry, x, weight, bias, output);
    }
    let (target, target_size) = Target::new(output, geometry);
    let strips = cut(geometry.output()[1], geometry.kernel[1]);
    let rows_of_taps = geometry.out_channels * height * sources;
    let weights = transform(&strips, geometry.kernel[1], rows_of_taps, weight, |row| {
        let (target, tap, source) = (row / (height * sources), row / sources % height, row % sources);
        (target * sources + source) * height + tap
    });
    run::<T, false>(&Pass {
        batch: geometry.batch,
        source: x,
        sources,
        source_size: geometry.input,
        target,
        targets: geometry.out_channels,
        target_size,
        taps: geometry.kernel,
        before: geometry.padding[0][0] as isize,
        left: geometry.padding[1][0],
        strips,
        weights: &weights,
        bias,
    });
}

pub(in super::super) fn backward_input<T: ConvElement>(
    geometry: &Geometry,
    grad_y: &[T],
    weight: &[T],
    grad_x: &mut [T],
) {
    let (sources, targets, [height, _]) = (geometry.out_channels, geometry.in_channels, geometry.kernel);
    let strips = cut(geometry.output()[1], geometry.kernel[1]);
    let weights = transform(&strips, geometry.kernel[1], targets * height * sources, weight, |row| {
        let (target, tap, source) = (row / (height * sources), row / sources % height, row % sources);
        (source * targets + target) * height + height - 1 - tap
    });
    run::<T, true>(&Pass {
        batch: geometry.batch,
        source: grad_y,
        sources,
        source_size: geometry.output(),
        target: Target::Pixels(Activation::Identity, SharedSlice::new(grad_x)),
        targets,
        target_size: geometry.input,
        taps: geometry.kernel,
        before: height as isize - 1 - geometry.padding[0][0] as isize,
        left: geometry.padding[1][0],
        strips,
        weights: &weights,
        bias: None,
    });
}

/// A whole pass.
struct Pass<'a, T: Lanes> {
    batch: usize,
    source: &'a [T],
    sources: usize,
    source_size: [usize; 2],
    target: Target<'a, T>,
    targets: usize,
    /// Height and width of what is computed.
    target_size: [usize; 2],
    taps: [usize; 2],
    /// How far before a target row its first source row is.
    before: isize,
    /// Columns of padding before the input.
    left: usize,
    /// The tiles of a row of outputs: of the target's, or in the gradient of the input of the source's.
    strips: Strips,
    weights: &'a Weights<T>,
    bias: Option<&'a [T]>,
}

impl<T: Lanes> Pass<'_, T> {
    /// The source rows that meet a target row, and the first of their taps.
    fn sources_of(&self, row: usize) -> (Range<usize>, usize) {
        let first = row as isize - self.before;
        let clip = |row: isize| row.clamp(0, self.source_size[0] as isize) as usize;
        let rows = clip(first)..clip(first + self.taps[0] as isize);
        let tap = rows.start as isize - first;
        (rows, tap.clamp(0, self.taps[0] as isize) as usize)
    }

    /// The source rows that meet some target rows.
    fn sources_of_all(&self, rows: Range<usize>) -> Range<usize> {
        self.sources_of(rows.start).0.start..self.sources_of(rows.end - 1).0.end
    }
}

/// `BACK` tells the gradient of the input from the forward pass.
fn run<T: ConvElement, const BACK: bool>(pass: &Pass<'_, T>) {
    let images = machine::<T>().lanes * VECTORS;
    let batch_blocks = pass.batch.div_ceil(images);
    let row_blocks = row_blocks(pass, images, batch_blocks);
    threads::parallel_for(batch_blocks * row_blocks, |index| {
        // Neighbouring tasks have the same rows: their images share cache lines and pages.
        let (row_block, batch_block) = (index / batch_blocks, index % batch_blocks);
        let first = batch_block * images;
        let images = Images { batch: pass.batch, range: first..pass.batch.min(first + images) };
        let step = pass.target.rows();
        let rows = balanced(pass.target_size[0] / step, row_blocks, row_block);
        simd::dispatch(Task::<T, BACK> { pass, images, rows: rows.start * step..rows.end * step });
    });
}

fn row_blocks<T: Lanes>(pass: &Pass<'_, T>, images: usize, batch_blocks: usize) -> usize {
    let height = pass.target_size[0];
    let row_bytes = super::tiles::products(&pass.strips) * pass.sources * images * size_of::<T>();
    let fit = (PANEL_BYTES / row_bytes).saturating_sub(pass.taps[0] - 1).max(1);
    let wanted = MIN_TASKS.div_ceil(batch_blocks).min(height / MIN_ROWS).max(1);
    pass.source_size[0].min(height).div_ceil(fit).max(wanted).min(height / pass.target.rows())
}

/// Some images and target rows.
struct Task<'a, T: Lanes, const BACK: bool> {
    pass: &'a Pass<'a, T>,
    images: Images,
    rows: Range<usize>,
}

/// The transformed source rows of a strip, `[point][row][channel][tile][vector of images]`.
struct Panel<T: bytemuck::Pod> {
    values: Buffer<T>,
    rows: Range<usize>,
    /// Numbers of a point, and of a row of a channel.
    point_len: usize,
    line_len: usize,
}

impl<T: ConvElement, const BACK: bool> WithSimd for Task<'_, T, BACK> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let pass = self.pass;
        let lanes = T::lanes::<S>();
        let vectors = self.images.vectors(lanes);
        let rows = pass.sources_of_all(self.rows.clone());
        let mut panels: smallvec::SmallVec<[Panel<T>; 2]> = smallvec::SmallVec::new();
        for strip in &pass.strips {
            panels.push(with_rule!(strip, self.panel::<S>(simd, strip, rows.clone())));
        }
        let mut sums = Buffer::<T>::unspecified(CHANNELS * MAX_POINTS * widest(S::REGISTER_COUNT) * lanes);
        // A tile reaches over as many columns as its rule has points.
        let end = |strip: &Strip| strip.first + (strip.tiles - 1) * strip.outputs + strip.points();
        let columns = pass.strips.iter().map(end).max().unwrap_or(0);
        let line_len = if BACK { pass.targets * columns * vectors * lanes } else { 0 };
        let mut line = Buffer::<T>::unspecified(line_len);
        let (step, width) = (pass.target.rows(), pass.target_size[1]);
        let pooled = if step == 2 { pass.targets * step * width * vectors * lanes } else { 0 };
        let mut pixels = Buffer::<T>::unspecified(pooled);
        for rows in self.rows.clone().step_by(step).map(|row| row..row + step) {
            let shared = SharedSlice::new(&mut pixels);
            let whole = (pass.batch, pass.target_size);
            let first = [0, rows.start, 0];
            let place = pass.target.place(&shared, first, width, vectors * lanes, whole, self.images.range.start);
            for row in rows.clone() {
                line.fill(T::ZERO);
                for (index, (strip, panel)) in pass.strips.iter().zip(&panels).enumerate() {
                    let weights = pass.weights.strip(index);
                    with_rule!(
                        strip,
                        self.products::<S>(simd, strip, panel, weights, row, &mut sums, &mut line, &place)
                    );
                }
                if BACK {
                    self.store_line(simd, &line, row, &place);
                }
            }
            if let Target::Windows(windows) = &pass.target {
                let place = [rows.start, 0, width];
                // SAFETY: no two tasks have the same images and rows.
                unsafe { windows.write(&pixels, vectors * lanes, 0..pass.targets, place, &self.images.range) };
            }
        }
    }
}

impl<T: ConvElement, const BACK: bool> Task<'_, T, BACK> {
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn panel<S: Simd, const P: usize, const M: usize, const R: usize>(
        &self,
        simd: S,
        strip: &Strip,
        rows: Range<usize>,
    ) -> Panel<T> {
        let (pass, lanes) = (self.pass, T::lanes::<S>());
        let (rule, points) = (Rule::<T, S, P>::new(simd), Rule::<T, S, P>::POINTS);
        let [height, width] = pass.source_size;
        let vectors = self.images.vectors(lanes);
        let line_len = strip.tiles * vectors * lanes;
        // A vector more, lest all points of a tile meet in the same few places of the first-level cache.
        let point_len = rows.len() * pass.sources * line_len + lanes;
        let mut values = Buffer::<T>::unspecified(points * point_len);
        let to = T::as_vectors_mut::<S>(&mut values).0;
        let (reads, left) = if BACK { (M, 0) } else { (points, pass.left) };
        let mut at = 0;
        for row in rows.clone() {
            for channel in 0..pass.sources {
                let source = Row::new(pass.source, channel * height + row, width, pass.batch);
                for tile in 0..strip.tiles {
                    let column = (strip.first + tile * M) as isize - left as isize;
                    for vector in 0..vectors {
                        let line = source.line(simd, column, reads, &self.images, vector);
                        let line = if BACK { rule.values::<M>(line) } else { rule.input(line) };
                        scatter(&line, points, to, at, point_len / lanes);
                        at += 1;
                    }
                }
            }
        }
        Panel { values, rows, point_len, line_len }
    }

    /// Multiplies one target row of a strip, and transforms it back.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn products<S: Simd, const P: usize, const M: usize, const R: usize>(
        &self,
        simd: S,
        strip: &Strip,
        panel: &Panel<T>,
        weights: &[T],
        row: usize,
        sums: &mut [T],
        line: &mut [T],
        place: &Place<'_, T>,
    ) {
        let (pass, lanes) = (self.pass, T::lanes::<S>());
        let points = Rule::<T, S, P>::POINTS;
        let (source_rows, tap) = pass.sources_of(row);
        let row_weights = pass.taps[0] * pass.sources;
        let point_weights = weights.len() / points;
        let depth = source_rows.len() * pass.sources;
        let widest = widest(S::REGISTER_COUNT);
        let sums_row = points * widest * lanes;
        let vectors = panel.line_len / lanes;
        let blocks = vectors.div_ceil(widest);
        let chunks = pass.targets.div_ceil(CHANNELS);
        // A row that meets nothing but padding has no place in the panel.
        let (panel_values, next_point) = match depth {
            0 => (&[][..], 0),
            _ => (
                &panel.values[(source_rows.start - panel.rows.start) * pass.sources * panel.line_len..],
                panel.point_len,
            ),
        };
        for block in 0..blocks {
            let block = balanced(vectors, blocks, block);
            for chunk in 0..chunks {
                let targets = balanced(pass.targets, chunks, chunk);
                let at_first_point = Product {
                    a: &weights[targets.start * row_weights + tap * pass.sources..],
                    a_row: row_weights,
                    a_step: 1,
                    segments: &[0],
                    depth,
                    b: panel_values.get(block.start * lanes..).unwrap_or(&[]),
                    b_step: panel.line_len,
                    c: SharedSlice::new(sums),
                    c_row: sums_row,
                    rows: targets.len(),
                    vectors: block.len(),
                    start: Start::Zero,
                    ahead: None,
                };
                at_first_point.run_series(simd, points, [point_weights, next_point, widest * lanes]);
                self.finish::<S, P, M, R>(simd, strip, sums, block.clone(), targets, row, line, place);
            }
        }
    }

    /// Transforms a block's products back: writes outputs, or adds to the line of the input's gradient.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
    fn finish<S: Simd, const P: usize, const M: usize, const R: usize>(
        &self,
        simd: S,
        strip: &Strip,
        sums: &[T],
        block: Range<usize>,
        targets: Range<usize>,
        row: usize,
        line: &mut [T],
        place: &Place<'_, T>,
    ) {
        let (pass, lanes) = (self.pass, T::lanes::<S>());
        let (rule, points) = (Rule::<T, S, P>::new(simd), Rule::<T, S, P>::POINTS);
        let vectors = self.images.vectors(lanes);
        let widest = widest(S::REGISTER_COUNT);
        let sums = T::as_vectors::<S>(sums).0;
        let line_columns = line.len() / (pass.targets * vectors * lanes);
        let line = T::as_vectors_mut::<S>(line).0;
        for (index, target) in targets.enumerate() {
            let bias = T::splat(simd, pass.bias.map_or(T::ZERO, |bias| bias[target]));
            for (w, position) in block.clone().enumerate() {
                let (tile, vector) = (position / vectors, position % vectors);
                let column = strip.first + tile * M;
                let values = gather(sums, index * points * widest + w, widest, points);
                if BACK {
                    let values = rule.input_back(values);
                    let to = &mut line[(target * line_columns + column) * vectors + vector..];
                    let to = &mut to[..(points - 1) * vectors + 1];
                    for i in 0..points {
                        let to = &mut to[i * vectors];
                        *to = T::add_lanes(simd, *to, values[i]);
                    }
                } else {
                    let mut values = rule.values_back::<M>(values);
                    for i in 0..M {
                        values[i] = T::add_lanes(simd, values[i], bias);
                        if pass.target.rectifies_pixels() {
                            values[i] = T::relu(simd, values[i]);
                        }
                    }
                    self.store_outputs::<S, M>(simd, &values, [target, row, column], vector, place);
                }
            }
        }
    }

    /// Writes a tile's outputs from the pixel on, but those beyond the row.
    #[inline(always)]
    fn store_outputs<S: Simd, const M: usize>(
        &self,
        simd: S,
        values: &Line<T::Vector<S>>,
        pixel: [usize; 3],
        vector: usize,
        place: &Place<'_, T>,
    ) {
        // Beyond the row there may be none that is computed: it has no place.
        let Some(left) = self.pass.target_size[1].checked_sub(pixel[2]).filter(|&left| left > 0) else {
            return;
        };
        let images = Images { batch: place.batch, range: place.image..place.image + self.images.range.len() };
        let pixel = place.pixel(pixel);
        if left >= M {
            // SAFETY: no two tasks have the same images and rows, and a task writes one line at a time.
            return unsafe { store_line(simd, place.to, pixel, &images, vector, &values[..M]) };
        }
        for i in 0..M - 1 {
            if i < left {
                // SAFETY: as above.
                unsafe { store_line(simd, place.to, pixel + i, &images, vector, &values[i..i + 1]) };
            }
        }
    }

    /// Writes a row of the input's gradient.
    #[inline(always)]
    fn store_line<S: Simd>(&self, simd: S, line: &[T], row: usize, place: &Place<'_, T>) {
        let pass = self.pass;
        let vectors = self.images.vectors(T::lanes::<S>());
        let columns = line.len() / (pass.targets * vectors * T::lanes::<S>());
        let line = T::as_vectors::<S>(line).0;
        for target in 0..pass.targets {
            for column in 0..pass.target_size[1] {
                let from = &line[(target * columns + pass.left + column) * vectors..][..vectors];
                let start = place.pixel([target, row, column]) * place.batch + place.image;
                // SAFETY: no two tasks have the same images and rows, and a task writes one pixel at a time.
                let to = unsafe { place.to.part(start, self.images.range.len()) };
                let (whole, rest) = T::as_vectors_mut::<S>(to);
                for (to, &value) in whole.iter_mut().zip(from) {
                    *to = value;
                }
                if !rest.is_empty() {
                    T::store_part(simd, rest, from[vectors - 1]);
                }
            }
        }
    }
}
