//! The convolution as its definition reads, in seven loops: the twin that every fast path is tested against.
//!
//! Nothing here is fast, cut among threads or reordered; sums are made in the order of the loops.

use super::{Activation, Geometry, Lanes, Layout};

/// Calls `visit(x, weight, y)` with the positions of every product of the convolution.
fn for_each_product(geometry: &Geometry, layout: Layout, mut visit: impl FnMut(usize, usize, usize)) {
    let [out_height, out_width] = geometry.output();
    let [height, width] = geometry.input;
    let [kernel_height, kernel_width] = geometry.kernel;
    let x_sizes = [geometry.batch, geometry.in_channels, height, width];
    let y_sizes = [geometry.batch, geometry.out_channels, out_height, out_width];
    let (row_step, column_step) = (layout.position(x_sizes, [0, 0, 1, 0]), layout.position(x_sizes, [0, 0, 0, 1]));
    let (inputs, outputs) = (geometry.group_inputs(), geometry.group_outputs());
    for n in 0..geometry.batch {
        for o in 0..geometry.out_channels {
            for i in 0..out_height {
                for j in 0..out_width {
                    let y = layout.position(y_sizes, [n, o, i, j]);
                    for c in 0..inputs {
                        let plane = layout.position(x_sizes, [n, o / outputs * inputs + c, 0, 0]);
                        for k in 0..kernel_height {
                            let Some(row) = tap_position(geometry, 0, i, k) else { continue };
                            for l in 0..kernel_width {
                                let Some(column) = tap_position(geometry, 1, j, l) else { continue };
                                let weight = ((o * inputs + c) * kernel_height + k) * kernel_width + l;
                                visit(plane + row * row_step + column * column_step, weight, y);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The position along `axis` of the input that a tap meets for an output, unless it lies in the padding.
#[inline(always)]
fn tap_position(geometry: &Geometry, axis: usize, output: usize, tap: usize) -> Option<usize> {
    let padded = output * geometry.stride[axis] + tap * geometry.dilation[axis];
    padded.checked_sub(geometry.padding[axis][0]).filter(|&position| position < geometry.input[axis])
}

/// See [`super::forward`].
pub fn forward<T: Lanes>(
    geometry: &Geometry,
    layout: Layout,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    y.fill(T::ZERO);
    for_each_product(geometry, layout, |at_x, at_weight, at_y| y[at_y] = y[at_y] + x[at_x] * weight[at_weight]);
    let [height, width] = geometry.output();
    let sizes = [geometry.batch, geometry.out_channels, height, width];
    for n in 0..geometry.batch {
        for o in 0..geometry.out_channels {
            for pixel in 0..height * width {
                let value = &mut y[layout.position(sizes, [n, o, pixel / width, pixel % width])];
                if let Some(bias) = bias {
                    *value = *value + bias[o];
                }
                if activation == Activation::Relu && *value < T::ZERO {
                    *value = T::ZERO;
                }
            }
        }
    }
}

/// See [`super::backward_input`].
pub fn backward_input<T: Lanes>(geometry: &Geometry, layout: Layout, grad_y: &[T], weight: &[T], grad_x: &mut [T]) {
    grad_x.fill(T::ZERO);
    for_each_product(geometry, layout, |at_x, at_weight, at_y| {
        grad_x[at_x] = grad_x[at_x] + grad_y[at_y] * weight[at_weight];
    });
}

/// See [`super::backward_weight`].
pub fn backward_weight<T: Lanes>(geometry: &Geometry, layout: Layout, x: &[T], grad_y: &[T], grad_weight: &mut [T]) {
    grad_weight.fill(T::ZERO);
    for_each_product(geometry, layout, |at_x, at_weight, at_y| {
        grad_weight[at_weight] = grad_weight[at_weight] + grad_y[at_y] * x[at_x];
    });
}

/// See [`super::backward_bias`].
pub fn backward_bias<T: Lanes>(geometry: &Geometry, layout: Layout, grad_y: &[T], grad_bias: &mut [T]) {
    let [height, width] = geometry.output();
    let sizes = [geometry.batch, geometry.out_channels, height, width];
    for (o, total) in grad_bias.iter_mut().enumerate() {
        *total = T::ZERO;
        for n in 0..geometry.batch {
            for pixel in 0..height * width {
                *total = *total + grad_y[layout.position(sizes, [n, o, pixel / width, pixel % width])];
            }
        }
    }
}
