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

use super::super::{ConvElement, Geometry, add_in_order};
use super::images::{Images, load};
use super::rule::{Line, MAX_POINTS, Rule};
use super::tiles::{Strip, Strips, cut, with_rule};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::dots::Dots;
use crate::lanes::machine;
use crate::simd;
use crate::threads;

/// Most tasks that a gradient is cut into: each has a copy of the weight's gradient.
const MAX_TASKS: usize = 16;
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
    let strips = cut(geometry.output()[1], geometry.kernel[1]);
    let units = Units::cut::<T>(geometry, &strips);
    let tasks = units.count().min(MAX_TASKS);
    let mut partials = Buffer::unspecified(tasks * grad_weight.len());
    threads::parallel_chunks_mut(&mut partials, grad_weight.len(), |index, partial| {
        let units_of_task = balanced(units.count(), tasks, index);
        simd::dispatch(Task { geometry, x, grad_y, strips: &strips, units: &units, units_of_task, partial });
    });
    add_in_order(&partials, grad_weight);
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
        let mut rows = height;
        while rows > 1 && bytes(rows) > UNIT_BYTES {
            rows -= 1;
        }
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
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.partial.fill(T::ZERO);
        for strip in self.strips {
            with_rule!(strip, self.strip::<S>(simd, strip));
        }
    }
}

impl<T: ConvElement> Task<'_, T> {
    /// Adds what the tiles of a strip bring.
    #[inline(always)]
    fn strip<S: Simd, const P: usize, const M: usize, const R: usize>(&mut self, simd: S, strip: &Strip) {
        let geometry = self.geometry;
        let lanes = T::lanes::<S>();
        let (points, columns) = (Rule::<T, S, P>::POINTS, geometry.in_channels * geometry.kernel[0]);
        let mut sums = Buffer::<T>::zeroed(points * geometry.out_channels * columns * lanes);
        for unit in self.units_of_task.clone() {
            // Neighbouring units have the same rows: their images share cache lines and pages.
            let first = unit % self.units.image_blocks * self.units.images;
            let images = Images { batch: geometry.batch, range: first..geometry.batch.min(first + self.units.images) };
            let rows = balanced(geometry.output()[0], self.units.row_blocks, unit / self.units.image_blocks);
            let x = self.x_panel::<S, P, M>(simd, strip, rows.clone(), &images);
            let y = self.y_panel::<S, P, M>(simd, strip, rows.clone(), &images);
            self.add_products::<S>(simd, strip, &x, &y, rows.len(), images.vectors(lanes), points, &mut sums);
        }
        self.finish::<S, P, R>(simd, &sums);
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn x_panel<S: Simd, const P: usize, const M: usize>(
        &self,
        simd: S,
        strip: &Strip,
        rows: Range<usize>,
        images: &Images,
    ) -> Panel<T> {
        let geometry = self.geometry;
        let rule = Rule::<T, S, P>::new(simd);
        let ([height, width], [[top, _], [left, _]]) = (geometry.input, geometry.padding);
        let x_rows = rows.len() + geometry.kernel[0] - 1;
        self.panel::<S, P>(
            simd,
            strip,
            [geometry.in_channels, x_rows],
            images,
            #[inline(always)]
            |channel, row, tile, vector| {
                let mut values: Line<T::Vector<S>> = [T::splat(simd, T::ZERO); MAX_POINTS];
                let row = rows.start + row;
                if row >= top && row - top < height {
                    let start = (channel * height + row - top) * width;
                    for i in 0..Rule::<T, S, P>::POINTS {
                        let column = strip.first + tile * M + i;
                        if column >= left && column - left < width {
                            values[i] = load(simd, self.x, start + column - left, images, vector);
                        }
                    }
                }
                rule.input(values)
            },
        )
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn y_panel<S: Simd, const P: usize, const M: usize>(
        &self,
        simd: S,
        strip: &Strip,
        rows: Range<usize>,
        images: &Images,
    ) -> Panel<T> {
        let geometry = self.geometry;
        let rule = Rule::<T, S, P>::new(simd);
        let [height, width] = geometry.output();
        self.panel::<S, P>(
            simd,
            strip,
            [geometry.out_channels, rows.len()],
            images,
            #[inline(always)]
            |channel, row, tile, vector| {
                let mut values: Line<T::Vector<S>> = [T::splat(simd, T::ZERO); MAX_POINTS];
                let start = (channel * height + rows.start + row) * width;
                for i in 0..M {
                    let column = strip.first + tile * M + i;
                    if column < width {
                        values[i] = load(simd, self.grad_y, start + column, images, vector);
                    }
                }
                rule.values::<M>(values)
            },
        )
    }

    /// Fills a panel of channels and rows; `line_of` takes a channel, a row, a tile and a vector of images.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn panel<S: Simd, const P: usize>(
        &self,
        simd: S,
        strip: &Strip,
        [channels, rows]: [usize; 2],
        images: &Images,
        line_of: impl Fn(usize, usize, usize, usize) -> Line<T::Vector<S>>,
    ) -> Panel<T> {
        let _ = simd;
        let (lanes, points) = (T::lanes::<S>(), Rule::<T, S, P>::POINTS);
        let channel = rows * strip.tiles;
        let image = channels * channel;
        // A vector more, lest all points of a tile meet in the same few places of the first-level cache.
        let point = images.vectors(lanes) * image + 1;
        let mut values = Buffer::<T>::unspecified(points * point * lanes);
        let to = T::as_vectors_mut::<S>(&mut values).0;
        for index in 0..channels * rows {
            for tile in 0..strip.tiles {
                for vector in 0..images.vectors(lanes) {
                    let line = line_of(index / rows, index % rows, tile, vector);
                    for i in 0..points {
                        to[i * point + vector * image + index * strip.tiles + tile] = line[i];
                    }
                }
            }
        }
        Panel { values, channels, channel, image, point }
    }

    /// Adds a unit's products to `sums`, `[point][output channel][input channel][row of taps]` of vectors.
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
                sums,
            };
            dots.run(simd);
        }
    }

    /// Transforms the sums back to taps and adds the sums of their lanes to the task's part.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn finish<S: Simd, const P: usize, const R: usize>(&mut self, simd: S, sums: &[T]) {
        let rule = Rule::<T, S, P>::new(simd);
        let sums = T::as_vectors::<S>(sums).0;
        let count = self.partial.len() / R;
        for (index, taps) in self.partial.chunks_exact_mut(R).enumerate() {
            let mut values: Line<T::Vector<S>> = [T::splat(simd, T::ZERO); MAX_POINTS];
            for point in 0..Rule::<T, S, P>::POINTS {
                values[point] = sums[point * count + index];
            }
            let values = rule.weight_back::<R>(values);
            for tap in 0..R {
                taps[tap] = taps[tap] + T::sum_lanes(simd, values[tap]);
            }
        }
    }
}
