//! Pooling as its definition reads: the twin that the kernels are tested against.

use super::{Divisor, Geometry, NO_TAP};
use crate::conv2d::{Activation, Layout};
use crate::lanes::Lanes;

/// A window: its output, its taps inside the input with where they are, and its pixels inside the padded input.
struct Window {
    y: usize,
    taps: Vec<(u32, usize)>,
    padded: usize,
}

fn for_each_window(geometry: &Geometry, layout: Layout, mut visit: impl FnMut(Window)) {
    let (Geometry { batch, channels, .. }, [height, width]) = (*geometry, geometry.input);
    let [out_height, out_width] = geometry.output;
    let (x_sizes, y_sizes) = ([batch, channels, height, width], [batch, channels, out_height, out_width]);
    for n in 0..batch {
        for c in 0..channels {
            for i in 0..out_height {
                for j in 0..out_width {
                    let mut window = Window { y: layout.position(y_sizes, [n, c, i, j]), taps: Vec::new(), padded: 0 };
                    for k in 0..geometry.kernel[0] {
                        for l in 0..geometry.kernel[1] {
                            let row = i * geometry.stride[0] + k * geometry.dilation[0];
                            let column = j * geometry.stride[1] + l * geometry.dilation[1];
                            let [top, left] = geometry.padding;
                            if row < height + 2 * top && column < width + 2 * left {
                                window.padded += 1;
                            }
                            if row < top || row - top >= height || column < left || column - left >= width {
                                continue;
                            }
                            let x = layout.position(x_sizes, [n, c, row - top, column - left]);
                            window.taps.push(((k * geometry.kernel[1] + l) as u32, x));
                        }
                    }
                    visit(window);
                }
            }
        }
    }
}

/// See [`super::max_forward`].
#[allow(clippy::eq_op)]
pub fn max_forward<T: Lanes>(
    geometry: &Geometry,
    layout: Layout,
    activation: Activation,
    x: &[T],
    y: &mut [T],
    taps: &mut [u32],
) {
    for_each_window(geometry, layout, |window| {
        let (mut best_tap, mut best_at) = window.taps[0];
        for &(tap, at) in &window.taps {
            let is_nan = x[at] != x[at];
            if x[at] > x[best_at] || is_nan {
                (best_tap, best_at) = (tap, at);
            }
        }
        (y[window.y], taps[window.y]) = (x[best_at], best_tap);
        if activation == Activation::Relu && x[best_at] <= T::ZERO {
            taps[window.y] = NO_TAP;
            if x[best_at] < T::ZERO {
                y[window.y] = T::ZERO;
            }
        }
    });
}

/// See [`super::max_backward`].
pub fn max_backward<T: Lanes>(geometry: &Geometry, layout: Layout, grad_y: &[T], taps: &[u32], grad_x: &mut [T]) {
    grad_x.fill(T::ZERO);
    for_each_window(geometry, layout, |window| {
        for (tap, at) in window.taps {
            if tap == taps[window.y] {
                grad_x[at] = grad_x[at] + grad_y[window.y];
            }
        }
    });
}

fn divisor_of(divisor: Divisor, window: &Window) -> usize {
    match divisor {
        Divisor::WindowWithPadding => window.padded,
        Divisor::WindowInside => window.taps.len(),
        Divisor::Fixed(divisor) => divisor,
    }
}

/// See [`super::average_forward`].
pub fn average_forward<T: Lanes>(geometry: &Geometry, layout: Layout, divisor: Divisor, x: &[T], y: &mut [T]) {
    for_each_window(geometry, layout, |window| {
        let total = window.taps.iter().fold(T::ZERO, |total, &(_, at)| total + x[at]);
        y[window.y] = total / T::from_count(divisor_of(divisor, &window));
    });
}

/// See [`super::average_backward`].
pub fn average_backward<T: Lanes>(
    geometry: &Geometry,
    layout: Layout,
    divisor: Divisor,
    grad_y: &[T],
    grad_x: &mut [T],
) {
    grad_x.fill(T::ZERO);
    for_each_window(geometry, layout, |window| {
        let share = grad_y[window.y] / T::from_count(divisor_of(divisor, &window));
        for (_, at) in window.taps {
            grad_x[at] = grad_x[at] + share;
        }
    });
}
