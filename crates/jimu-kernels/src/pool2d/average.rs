//! Average pooling of one plane whose pixels are rows of `lanes` numbers. The [parent](super) has the map.

use pulp::{Simd, WithSimd};

use super::{Divisor, Geometry};
use crate::lanes::Lanes;
use crate::simd;

pub(super) fn forward<T: Lanes>(geometry: &Geometry, lanes: usize, divisor: Divisor, x: &[T], y: &mut [T]) {
    simd::dispatch(Forward { geometry, lanes, divisor, x, y });
}

pub(super) fn backward<T: Lanes>(geometry: &Geometry, lanes: usize, divisor: Divisor, grad_y: &[T], grad_x: &mut [T]) {
    simd::dispatch(Backward { geometry, lanes, divisor, grad_y, grad_x });
}

/// What the window at an output pixel is divided by.
fn divisor_at(geometry: &Geometry, divisor: Divisor, row: usize, column: usize) -> usize {
    let output = [row, column];
    match divisor {
        Divisor::Fixed(divisor) => divisor,
        Divisor::WindowInside => {
            [0, 1].map(|axis| geometry.taps_inside(axis, output[axis]).0.len()).iter().product::<usize>().max(1)
        }
        Divisor::WindowWithPadding => [0, 1]
            .map(|axis| {
                let start = output[axis] * geometry.stride[axis];
                let end = start + geometry.kernel[axis];
                end.min(geometry.input[axis] + 2 * geometry.padding[axis]) - start
            })
            .iter()
            .product(),
    }
}

struct Forward<'a, T> {
    geometry: &'a Geometry,
    lanes: usize,
    divisor: Divisor,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Lanes> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.lanes {
            1 => self.run(1),
            lanes => self.run(lanes),
        }
    }
}

impl<T: Lanes> Forward<'_, T> {
    #[inline(always)]
    fn run(self, lanes: usize) {
        let geometry = self.geometry;
        let width = geometry.output[1];
        for (pixel, y) in self.y.chunks_exact_mut(lanes).enumerate() {
            let (rows, first_row) = geometry.taps_inside(0, pixel / width);
            let (columns, first_column) = geometry.taps_inside(1, pixel % width);
            y.fill(T::ZERO);
            for row in first_row..first_row + rows.len() {
                let start = (row * geometry.input[1] + first_column) * lanes;
                for x in self.x[start..start + columns.len() * lanes].chunks_exact(lanes) {
                    for (total, &value) in y.iter_mut().zip(x) {
                        *total = *total + value;
                    }
                }
            }
            let divisor = T::from_count(divisor_at(geometry, self.divisor, pixel / width, pixel % width));
            for total in y {
                *total = *total / divisor;
            }
        }
    }
}

struct Backward<'a, T> {
    geometry: &'a Geometry,
    lanes: usize,
    divisor: Divisor,
    grad_y: &'a [T],
    grad_x: &'a mut [T],
}

impl<T: Lanes> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.lanes {
            1 => self.run(1),
            lanes => self.run(lanes),
        }
    }
}

impl<T: Lanes> Backward<'_, T> {
    #[inline(always)]
    fn run(self, lanes: usize) {
        let geometry = self.geometry;
        let width = geometry.output[1];
        self.grad_x.fill(T::ZERO);
        for (pixel, grad_y) in self.grad_y.chunks_exact(lanes).enumerate() {
            let (rows, first_row) = geometry.taps_inside(0, pixel / width);
            let (columns, first_column) = geometry.taps_inside(1, pixel % width);
            let divisor = T::from_count(divisor_at(geometry, self.divisor, pixel / width, pixel % width));
            for row in first_row..first_row + rows.len() {
                let start = (row * geometry.input[1] + first_column) * lanes;
                for grad_x in self.grad_x[start..start + columns.len() * lanes].chunks_exact_mut(lanes) {
                    for (total, &gradient) in grad_x.iter_mut().zip(grad_y) {
                        *total = *total + gradient / divisor;
                    }
                }
            }
        }
    }
}
