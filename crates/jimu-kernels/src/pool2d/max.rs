//! Max pooling of one plane whose pixels are rows of `lanes` numbers. The [parent](super) has the map.

use pulp::{Simd, WithSimd};

use super::{Geometry, NO_TAP, is_halving};
use crate::conv2d::Activation;
use crate::lanes::Lanes;
use crate::simd;

pub(super) fn forward<T: Lanes>(
    geometry: &Geometry,
    lanes: usize,
    activation: Activation,
    x: &[T],
    y: &mut [T],
    taps: &mut [u32],
) {
    match activation {
        Activation::Identity => simd::dispatch(Forward::<T, false> { geometry, lanes, x, y, taps }),
        Activation::Relu => simd::dispatch(Forward::<T, true> { geometry, lanes, x, y, taps }),
    }
}

pub(super) fn backward<T: Lanes>(geometry: &Geometry, lanes: usize, grad_y: &[T], taps: &[u32], grad_x: &mut [T]) {
    simd::dispatch(Backward { geometry, lanes, grad_y, taps, grad_x });
}

struct Forward<'a, T, const RELU: bool> {
    geometry: &'a Geometry,
    lanes: usize,
    x: &'a [T],
    y: &'a mut [T],
    taps: &'a mut [u32],
}

impl<T: Lanes, const RELU: bool> WithSimd for Forward<'_, T, RELU> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match (is_halving(self.geometry), self.lanes) {
            (true, 1) => self.halve_rows(),
            (true, lanes) if lanes < OVERLAP => self.halve_overlapping(lanes),
            (true, lanes) => self.halve(lanes),
            (false, 1) => self.tap_by_tap(1),
            (false, lanes) => self.tap_by_tap(lanes),
        }
    }
}

/// Lanes that are computed at once where a pixel has fewer: a whole vector.
const OVERLAP: usize = 16;
/// Windows of pixels of one number that are computed at once.
const TOGETHER: usize = 8;

impl<T: Lanes, const RELU: bool> Forward<'_, T, RELU> {
    #[inline(always)]
    fn halve(mut self, lanes: usize) {
        for pixel in 0..self.y.len() / lanes {
            self.window(pixel, lanes, lanes);
        }
    }

    /// [`Self::halve`] for pixels of one number: a row of windows at a time, so that neighbouring windows fill the vectors.
    #[inline(always)]
    fn halve_rows(self) {
        let (width, row_len) = (self.geometry.output[1], self.geometry.input[1]);
        let outputs = self.y.chunks_exact_mut(width).zip(self.taps.chunks_exact_mut(width));
        for (row, (y, taps)) in outputs.enumerate() {
            let (upper, lower) = self.x[2 * row * row_len..][..2 * row_len].split_at(row_len);
            let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
            if width < TOGETHER || width.is_multiple_of(TOGETHER) {
                let windows = upper.iter().zip(lower);
                for ((y, tap), (upper, lower)) in y.iter_mut().zip(taps).zip(windows) {
                    (*y, *tap) = of_window::<T, RELU>(upper, lower);
                }
                continue;
            }
            for first in (0..width - TOGETHER).step_by(TOGETHER) {
                together::<T, RELU>(upper, lower, y, taps, first);
            }
            // Some windows are taken twice, rather than one after the other.
            together::<T, RELU>(upper, lower, y, taps, width - TOGETHER);
        }
    }

    /// [`Self::halve`] for few lanes: computes a whole vector for each pixel, of which the next one overwrites what is too
    /// much, as long as there is room.
    #[inline(always)]
    fn halve_overlapping(mut self, lanes: usize) {
        let pixels = self.y.len() / lanes;
        // The last window's fourth pixel ends where the plane ends, or before.
        let whole = pixels.saturating_sub(OVERLAP.div_ceil(lanes));
        for pixel in 0..whole {
            self.window(pixel, lanes, OVERLAP);
        }
        for pixel in whole..pixels {
            self.window(pixel, lanes, lanes);
        }
    }

    /// The greatest of the four pixels of a window, in the first `count` lanes from the pixel's first.
    #[inline(always)]
    fn window(&mut self, pixel: usize, lanes: usize, count: usize) {
        let width = self.geometry.output[1];
        let row_len = self.geometry.input[1] * lanes;
        let start = 2 * (pixel / width * row_len + pixel % width * lanes);
        let source = |offset: usize| &self.x[start + offset..][..count];
        let (a, b, c, d) = (source(0), source(lanes), source(row_len), source(row_len + lanes));
        let (y, taps) = (&mut self.y[pixel * lanes..][..count], &mut self.taps[pixel * lanes..][..count]);
        greatest::<T, RELU>([a, b, c, d], y, taps);
    }

    #[inline(always)]
    fn tap_by_tap(self, lanes: usize) {
        let geometry = self.geometry;
        let [_, width] = geometry.output;
        let outputs = self.y.chunks_exact_mut(lanes).zip(self.taps.chunks_exact_mut(lanes));
        for (pixel, (y, taps)) in outputs.enumerate() {
            let (rows, first_row) = geometry.taps_inside(0, pixel / width);
            let (columns, first_column) = geometry.taps_inside(1, pixel % width);
            let mut is_first = true;
            for row in rows.clone() {
                let source_row = first_row + (row - rows.start) * geometry.dilation[0];
                for column in columns.clone() {
                    let source_column = first_column + (column - columns.start) * geometry.dilation[1];
                    let x = &self.x[(source_row * geometry.input[1] + source_column) * lanes..][..lanes];
                    let index = (row * geometry.kernel[1] + column) as u32;
                    if is_first {
                        y.copy_from_slice(x);
                        taps.fill(index);
                        is_first = false;
                        continue;
                    }
                    for ((best, tap), &value) in y.iter_mut().zip(taps.iter_mut()).zip(x) {
                        (*best, *tap) = better(*best, *tap, value, index);
                    }
                }
            }
            assert!(!is_first, "pool2d: a window lies outside the input: {geometry:?}");
            if RELU {
                y.iter_mut().zip(taps).for_each(
                    #[inline(always)]
                    |(y, tap)| (*y, *tap) = rectified::<T, RELU>(*y, *tap),
                );
            }
        }
    }
}

/// The greatest of each of `TOGETHER` windows from the `first` on, from the numbers of two rows.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn together<T: Lanes, const RELU: bool>(
    upper: &[[T; 2]],
    lower: &[[T; 2]],
    y: &mut [T],
    taps: &mut [u32],
    first: usize,
) {
    let range = first..first + TOGETHER;
    let (upper, lower) = (&upper[range.clone()], &lower[range.clone()]);
    let (y, taps) = (&mut y[range.clone()], &mut taps[range]);
    for i in 0..TOGETHER {
        (y[i], taps[i]) = of_window::<T, RELU>(&upper[i], &lower[i]);
    }
}

/// The greatest of a window's four pixels in each lane, and its tap.
#[inline(always)]
pub(crate) fn greatest<T: Lanes, const RELU: bool>(pixels: [&[T]; 4], y: &mut [T], taps: &mut [u32]) {
    let count = y.len();
    let [a, b, c, d] = pixels;
    let (a, b, c, d, taps) = (&a[..count], &b[..count], &c[..count], &d[..count], &mut taps[..count]);
    for lane in 0..count {
        (y[lane], taps[lane]) = of_window::<T, RELU>(&[a[lane], b[lane]], &[c[lane], d[lane]]);
    }
}

/// [`greatest`] without the taps.
#[inline(always)]
pub(crate) fn greatest_alone<T: Lanes, const RELU: bool>(pixels: [&[T]; 4], y: &mut [T]) {
    let count = y.len();
    let [a, b, c, d] = pixels;
    let (a, b, c, d) = (&a[..count], &b[..count], &c[..count], &d[..count]);
    for lane in 0..count {
        y[lane] = of_window::<T, RELU>(&[a[lane], b[lane]], &[c[lane], d[lane]]).0;
    }
}

/// A window's gradient in the pixel that was its greatest, and 0 in the others.
#[inline(always)]
pub(crate) fn spread<T: Lanes, S: Simd>(simd: S, pixels: [&mut [T]; 4], gradients: &[T], taps: &[u32]) {
    let lanes = T::lanes::<S>();
    let (vectors, rest) = T::as_vectors::<S>(gradients);
    let (whole_taps, rest_taps) = taps.split_at(vectors.len() * lanes);
    let [a, b, c, d] = pixels;
    let ((a, rest_a), (b, rest_b)) = (T::as_vectors_mut::<S>(a), T::as_vectors_mut::<S>(b));
    let ((c, rest_c), (d, rest_d)) = (T::as_vectors_mut::<S>(c), T::as_vectors_mut::<S>(d));
    let pixels = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
    for ((&gradients, taps), ((a, b), (c, d))) in vectors.iter().zip(whole_taps.chunks_exact(lanes)).zip(pixels) {
        for (tap, pixel) in [a, b, c, d].into_iter().enumerate() {
            *pixel = T::keep_where(simd, gradients, taps, tap as u32);
        }
    }
    for (tap, pixel) in [rest_a, rest_b, rest_c, rest_d].into_iter().enumerate() {
        for ((to, &gradient), &greatest) in pixel.iter_mut().zip(rest).zip(rest_taps) {
            *to = if greatest == tap as u32 { gradient } else { T::ZERO };
        }
    }
}

/// The greatest number of a window of 2 x 2, and its tap.
#[inline(always)]
fn of_window<T: Lanes, const RELU: bool>(upper: &[T; 2], lower: &[T; 2]) -> (T, u32) {
    let (mut best, mut tap) = (upper[0], 0);
    (best, tap) = better(best, tap, upper[1], 1);
    (best, tap) = better(best, tap, lower[0], 2);
    (best, tap) = better(best, tap, lower[1], 3);
    rectified::<T, RELU>(best, tap)
}

/// PyTorch's rule, as a choice without branches.
#[inline(always)]
#[allow(clippy::eq_op)]
fn better<T: Lanes>(best: T, tap: u32, value: T, index: u32) -> (T, u32) {
    let take = (value > best) | (value != value);
    (if take { value } else { best }, if take { index } else { tap })
}

/// What ReLU makes of the greatest number of a window, and its tap: none if a gradient does not reach it.
#[inline(always)]
fn rectified<T: Lanes, const RELU: bool>(best: T, tap: u32) -> (T, u32) {
    match RELU {
        true => (if best < T::ZERO { T::ZERO } else { best }, if best <= T::ZERO { NO_TAP } else { tap }),
        false => (best, tap),
    }
}

struct Backward<'a, T> {
    geometry: &'a Geometry,
    lanes: usize,
    grad_y: &'a [T],
    taps: &'a [u32],
    grad_x: &'a mut [T],
}

impl<T: Lanes> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (is_halving(self.geometry), self.lanes) {
            (true, 1) => self.halve(simd, 1),
            (true, lanes) => self.halve(simd, lanes),
            (false, 1) => self.tap_by_tap(1),
            (false, lanes) => self.tap_by_tap(lanes),
        }
    }
}

impl<T: Lanes> Backward<'_, T> {
    /// Every pixel is in one window at most, so that gradients are written, not added.
    #[inline(always)]
    fn halve<S: Simd>(self, simd: S, lanes: usize) {
        let ([_, width], [input_height, input_width]) = (self.geometry.output, self.geometry.input);
        let row_len = input_width * lanes;
        if self.geometry.output.map(|size| 2 * size) != [input_height, input_width] {
            self.grad_x.fill(T::ZERO);
        }
        let outputs = self.grad_y.chunks_exact(lanes).zip(self.taps.chunks_exact(lanes));
        for (pixel, (grad_y, taps)) in outputs.enumerate() {
            let start = pixel / width * 2 * row_len + pixel % width * 2 * lanes;
            let (upper, lower) = self.grad_x[start..][..row_len + 2 * lanes].split_at_mut(row_len);
            let (a, b) = upper[..2 * lanes].split_at_mut(lanes);
            let (c, d) = lower[..2 * lanes].split_at_mut(lanes);
            let (grad_y, taps) = (&grad_y[..lanes], &taps[..lanes]);
            spread(simd, [a, b, c, d], grad_y, taps);
        }
    }

    #[inline(always)]
    fn tap_by_tap(self, lanes: usize) {
        let geometry = self.geometry;
        let [_, width] = geometry.output;
        self.grad_x.fill(T::ZERO);
        let outputs = self.grad_y.chunks_exact(lanes).zip(self.taps.chunks_exact(lanes));
        for (pixel, (grad_y, taps)) in outputs.enumerate() {
            let (rows, first_row) = geometry.taps_inside(0, pixel / width);
            let (columns, first_column) = geometry.taps_inside(1, pixel % width);
            for row in rows.clone() {
                let source_row = first_row + (row - rows.start) * geometry.dilation[0];
                for column in columns.clone() {
                    let source_column = first_column + (column - columns.start) * geometry.dilation[1];
                    let start = (source_row * geometry.input[1] + source_column) * lanes;
                    let index = (row * geometry.kernel[1] + column) as u32;
                    let grad_x = &mut self.grad_x[start..start + lanes];
                    for ((to, &gradient), &tap) in grad_x.iter_mut().zip(grad_y).zip(taps) {
                        *to = *to + if tap == index { gradient } else { T::ZERO };
                    }
                }
            }
        }
    }
}
