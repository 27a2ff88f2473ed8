//! The gradient of the weight. The [parent](super) has the formula.
//!
//! The work is cut into units of some vectors of images and some rows of output. For each strip a unit
//! 1. transforms its rows of `x` and of `grad_y`, `[point][vector][channel][row][tile]`;
//! 2. for each point sums the products of a block of `O x J` weights' pixels in as many registers (`../../dots.rs`), where
//!    `j` runs over (input channel, row of taps);
//! 3. adds the registers to a vector per point, output channel and `j`.
//!
//! A task runs a fixed range of units, at the end transforms its sums back to taps and sums each vector's lanes; the tasks'
//! results are added in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::{ConvElement, Geometry, batch_innermost};
use super::images::{Images, Row, gather, scatter};
use super::rule::{Line, Rule};
use super::slides;
use super::tiles::{Strip, Strips, cut, with_rule};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::dots::{Dots, add_lane_sums};
use crate::lanes::machine;
use crate::simd;

/// Vectors of images in a unit.
const VECTORS: usize = 2;
/// Bytes of a strip's transformed rows in a unit: half a second-level cache.
const UNIT_BYTES: usize = 512 << 10;

pub(in super::super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    if slides::<T>(geometry) {
        return batch_innermost::backward_weight(geometry, x, grad_y, grad_weight);
    }
    let strips = cut(geometry.output()[1], geometry.kernel[1]);
    let units = Units::cut::<T>(geometry, &strips);
    batch_innermost::sum_units(geometry, units.count(), grad_weight, |units_of_task, partial| {
        simd::dispatch(Task { geometry, x, grad_y, strips: &strips, units: &units, units_of_task, partial });
    });
}

/// How the sum over images and output rows is cut.
struct Units {
    images: usize,
    image_blocks: usize,
    row_blocks: usize,
}

impl Units {
    fn cut<T: ConvElement>(geometry: &Geometry, strips: &Strips) -> Self {
        let lanes = machine::<T>().lanes;
        let images = VECTORS * lanes;
        let height = geometry.output()[0];
        let widest = strips.iter().map(|strip| strip.points() * strip.tiles).max().unwrap_or(0);
        let bytes = |rows: usize| {
            let lines = geometry.in_channels * (rows + geometry.kernel[0] - 1) + geometry.out_channels * rows;
            lines * widest * images.min(geometry.batch.next_multiple_of(lanes)) * size_of::<T>()
        };
        let rows = batch_innermost::rows_that_fit(height, UNIT_BYTES, bytes);
        Self { images, image_blocks: geometry.batch.div_ceil(images), row_blocks: height.div_ceil(rows) }
    }

    fn count(&self) -> usize {
        self.image_blocks * self.row_blocks
    }
}

struct Task<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    grad_y: &'a [T],
    strips: &'a Strips,
    units: &'a Units,
    units_of_task: Range<usize>,
    partial: &'a mut [T],
}

/// A strip's transformed rows.
struct Panel<T: bytemuck::Pod> {
    values: Buffer<T>,
    channels: usize,
    /// Vectors of a channel, of a vector of images, and of a point.
    channel: usize,
    image: usize,
    point: usize,
}

impl<T: ConvElement> WithSimd for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut totals = Buffer::<T>::zeroed(self.partial.len() * T::lanes::<S>());
        for strip in self.strips {
            with_rule!(strip, self.strip::<S>(simd, strip, &mut totals));
        }
        self.partial.fill(T::ZERO);
        add_lane_sums(simd, self.partial, &totals);
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Adds what the tiles of a strip bring to `totals`, a vector per weight.
    #[inline(always)]
    fn strip<S: Simd, const P: usize, const M: usize, const R: usize>(&self, simd: S, strip: &Strip, totals: &mut [T]) {
        let geometry = self.geometry;
        let lanes = T::lanes::<S>();
        let (points, columns) = (Rule::<T, S, P>::POINTS, geometry.in_channels * geometry.kernel[0]);
        let mut sums = Buffer::<T>::unspecified(points * geometry.out_channels * columns * lanes);
        for unit in self.units_of_task.clone() {
            // Neighbouring units have the same rows: their images share cache lines and pages.
            let first = unit % self.units.image_blocks * self.units.images;
            let images = Images { batch: geometry.batch, range: first..geometry.batch.min(first + self.units.images) };
            let rows = balanced(geometry.output()[0], self.units.row_blocks, unit / self.units.image_blocks);
            let x = self.x_panel::<S, P, M>(simd, strip, rows.clone(), &images);
            let y = self.y_panel::<S, P, M>(simd, strip, rows.clone(), &images);
            let fresh = unit == self.units_of_task.start;
            self.add_products::<S>(simd, strip, &x, &y, rows.len(), images.vectors(lanes), points, fresh, &mut sums);
        }
        finish::<T, S, P, R>(simd, &sums, totals);
    }

    #[inline(always)]
    fn x_panel<S: Simd, const P: usize, const M: usize>(
        &self,
        simd: S,
        strip: &Strip,
        rows: Range<usize>,
        images: &Images,
    ) -> Panel<T> {
        let geometry = self.geometry;
        let ([height, width], [[top, _], [left, _]]) = (geometry.input, geometry.padding);
        let rule = Rule::<T, S, P>::new(simd);
        self.panel::<S, P>(
            strip,
            [geometry.in_channels, rows.len() + geometry.kernel[0] - 1],
            images,
            #[inline(always)]
            |channel, row| match (rows.start + row).checked_sub(top) {
                Some(row) if row < height => Row::new(self.x, channel * height + row, width, geometry.batch),
                _ => Row::PADDING,
            },
            #[inline(always)]
            |row, tile, vector| {
                let column = (strip.first + tile * M) as isize - left as isize;
                rule.input(row.line(simd, column, Rule::<T, S, P>::POINTS, images, vector))
            },
        )
    }

    #[inline(always)]
    fn y_panel<S: Simd, const P: usize, const M: usize>(
        &self,
        simd: S,
        strip: &Strip,
        rows: Range<usize>,
        images: &Images,
    ) -> Panel<T> {
        let geometry = self.geometry;
        let [height, width] = geometry.output();
        let rule = Rule::<T, S, P>::new(simd);
        self.panel::<S, P>(
            strip,
            [geometry.out_channels, rows.len()],
            images,
            #[inline(always)]
            |channel, row| Row::new(self.grad_y, channel * height + rows.start + row, width, geometry.batch),
            #[inline(always)]
            |row, tile, vector| {
                let column = (strip.first + tile * M) as isize;
                rule.values::<M>(row.line(simd, column, M, images, vector))
            },
        )
    }

    /// Fills a panel of channels and rows: `row_of` takes a channel and a row of the panel, `transformed` the row, a tile and
    /// a vector of images.
    #[inline(always)]
    fn panel<'r, S: Simd, const P: usize>(
        &self,
        strip: &Strip,
        [channels, rows]: [usize; 2],
        images: &Images,
        row_of: impl Fn(usize, usize) -> Row<'r, T>,
        transformed: impl Fn(&Row<'r, T>, usize, usize) -> Line<T::Vector<S>>,
    ) -> Panel<T> {
        let (lanes, points) = (T::lanes::<S>(), Rule::<T, S, P>::POINTS);
        let (vectors, channel) = (images.vectors(lanes), rows * strip.tiles);
        let image = channels * channel;
        // A vector more, lest all points of a tile meet in the same few places of the first-level cache.
        let point = vectors * image + 1;
        let mut values = Buffer::<T>::unspecified(points * point * lanes);
        let to = T::as_vectors_mut::<S>(&mut values).0;
        let mut at = 0;
        for channel in 0..channels {
            for row in 0..rows {
                let row = row_of(channel, row);
                for tile in 0..strip.tiles {
                    for vector in 0..vectors {
                        scatter(&transformed(&row, tile, vector), points, to, vector * image + at, point);
                    }
                    at += 1;
                }
            }
        }
        Panel { values, channels, channel, image, point }
    }

    /// Adds a unit's products to `sums`, `[point][output channel][input channel][row of taps]` of vectors; the first ones,
    /// `fresh`, are all that it holds.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn add_products<S: Simd>(
        &self,
        simd: S,
        strip: &Strip,
        x: &Panel<T>,
        y: &Panel<T>,
        rows: usize,
        vectors: usize,
        points: usize,
        fresh: bool,
        sums: &mut [T],
    ) {
        let lanes = T::lanes::<S>();
        let taps = self.geometry.kernel[0];
        let columns = x.channels * taps;
        let x_starts =
            Buffer::from_fn(columns, |column| ((column / taps) * x.channel + column % taps * strip.tiles) * lanes);
        let runs = Buffer::from_fn(vectors, |vector| [vector * y.image * lanes, vector * x.image * lanes]);
        for (point, sums) in sums.chunks_exact_mut(y.channels * columns * lanes).enumerate().take(points) {
            let dots = Dots {
                y: &y.values[point * y.point * lanes..],
                x: &x.values[point * x.point * lanes..],
                rows: 0..y.channels,
                y_stride: y.channel * lanes,
                y_step: 1,
                x_starts: &x_starts,
                runs: &runs,
                run_len: rows * strip.tiles,
                fresh,
                sums,
            };
            dots.run(simd);
        }
    }
}

/// Transforms the sums back to taps, and adds them to `totals`.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn finish<T: ConvElement, S: Simd, const P: usize, const R: usize>(simd: S, sums: &[T], totals: &mut [T]) {
    let rule = Rule::<T, S, P>::new(simd);
    let sums = T::as_vectors::<S>(sums).0;
    let totals = T::as_vectors_mut::<S>(totals).0;
    let count = totals.len() / R;
    for (index, totals) in totals.as_chunks_mut::<R>().0.iter_mut().enumerate() {
        let taps = rule.weight_back::<R>(gather(sums, index, count, Rule::<T, S, P>::POINTS));
        for tap in 0..R {
            totals[tap] = T::add_lanes(simd, totals[tap], taps[tap]);
        }
    }
}
