//! Direct convolution of `[N, C, H, W]`, the width innermost, for groups of one input channel, where a matrix product would
//! have one row of weights and nothing to reuse, and for few channels, which would leave lanes of channels idle.
//!
//! # Forward, and gradient of the input without strides (`gather.rs`)
//! A lane is a column of the target. A task is a group of an image: it copies the source rows that it needs, with zeros
//! around them, into a panel in the first-level cache, so that the arithmetic has no special cases, and sums all taps into
//! registers: `O` target channels by `P` vectors of columns, for which a tap is `P` loads, `O` broadcasts and `O P`
//! multiply-adds. The gradient of the input is the same with the kernel turned round.
//!
//! | | `O` | `P` |
//! |---|---|---|
//! | depthwise | 1 | 8 |
//! | 32 registers (AVX-512, NEON) | up to 6 | 4 |
//! | 16 registers (AVX2) | up to 6 | 2 |
//!
//! # Gradient of the input with strides, gradient of the weight
//! A tap of the kernel meets a row of output in one range of columns ([`Columns`]), so the inner loops run over columns
//! and have no condition:
//! - gradient of the input: `grad_x[row, range'] += weight * grad_y[i, range]`,
//! - gradient of the weight: `sum of grad_y[i, range] * x[row, range']`, in two registers of partial sums.
//!
//! The latter is for depthwise convolutions; for few channels the products of patches (`gemm`) take its place. A task is one
//! plane of the result or one output channel's weights. Strides over columns other than 1 take the same loops
//! without SIMD.

mod gather;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::{Activation, ConvElement, Geometry, is_depthwise};
use crate::simd;
use crate::threads;

pub(super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let kernel_len = geometry.kernel[0] * geometry.kernel[1];
    let weight_of =
        |target: usize, source: usize, tap: usize| weight[target * geometry.taps() + source * kernel_len + tap];
    gather::run(geometry, x, weight_of, bias, activation, y);
}

pub(super) fn backward_input<T: ConvElement>(geometry: &Geometry, grad_y: &[T], weight: &[T], grad_x: &mut [T]) {
    match turned_round(geometry) {
        Some(turned) => {
            let (kernel_len, inputs) = (geometry.kernel[0] * geometry.kernel[1], geometry.group_inputs());
            let weight_of = |target: usize, source: usize, tap: usize| {
                let output = target / inputs * geometry.group_outputs() + source;
                weight[output * geometry.taps() + target % inputs * kernel_len + (kernel_len - 1 - tap)]
            };
            gather::run(&turned, grad_y, weight_of, None, Activation::Identity, grad_x);
        }
        None => scatter_input(geometry, grad_y, weight, grad_x),
    }
}

/// The convolution of the output's gradient that gives the input's, if there are no strides and no more padding than the
/// kernel reaches.
fn turned_round(geometry: &Geometry) -> Option<Geometry> {
    let mut padding = [[0; 2]; 2];
    for (axis, sides) in padding.iter_mut().enumerate() {
        let [before, after] = geometry.padding[axis].map(|size| (geometry.reach(axis) - 1).checked_sub(size));
        *sides = [before?, after?];
    }
    (geometry.stride == [1, 1]).then(|| Geometry {
        in_channels: geometry.out_channels,
        out_channels: geometry.in_channels,
        input: geometry.output(),
        padding,
        ..*geometry
    })
}

fn scatter_input<T: ConvElement>(geometry: &Geometry, grad_y: &[T], weight: &[T], grad_x: &mut [T]) {
    let [height, width] = geometry.output();
    let plane_len = geometry.input[0] * geometry.input[1];
    threads::parallel_chunks_mut(grad_x, plane_len, |index, plane| {
        plane.fill(T::ZERO);
        let (image, input) = (index / geometry.in_channels, index % geometry.in_channels);
        let (group, channel) = (input / geometry.group_inputs(), input % geometry.group_inputs());
        let outputs = group * geometry.group_outputs()..(group + 1) * geometry.group_outputs();
        for output in outputs {
            let kernel_len = geometry.kernel[0] * geometry.kernel[1];
            for tap in (0..kernel_len).map(|tap| Taps::new(geometry, 0, channel * kernel_len + tap)) {
                let weight = weight[output * geometry.taps() + tap.weight];
                for (row, source) in tap.rows() {
                    let start = ((image * geometry.out_channels + output) * height + row) * width;
                    let from = &grad_y[start..start + width][tap.columns.outputs.clone()];
                    simd::dispatch(AddScaled {
                        to: &mut plane[source..],
                        to_step: geometry.stride[1],
                        from,
                        from_step: 1,
                        weight,
                        count: from.len(),
                    });
                }
            }
        }
    });
}

pub(super) fn backward_weight<T: ConvElement>(geometry: &Geometry, x: &[T], grad_y: &[T], grad_weight: &mut [T]) {
    if !is_depthwise(geometry) {
        // A tap at a time would read everything for each; the products have the same layout, and read it once.
        return super::gemm::backward_weight(geometry, x, grad_y, grad_weight);
    }
    let [height, width] = geometry.output();
    threads::parallel_chunks_mut(grad_weight, geometry.taps(), |output, grad_weight| {
        grad_weight.fill(T::ZERO);
        for image in 0..geometry.batch {
            for tap in Taps::of_output(geometry, image, output) {
                let mut total = grad_weight[tap.weight];
                for (row, source) in tap.rows() {
                    let start = ((image * geometry.out_channels + output) * height + row) * width;
                    let a = &grad_y[start..start + width][tap.columns.outputs.clone()];
                    total = total + simd::dispatch(Dot { a, b: &x[source..], b_step: geometry.stride[1] });
                }
                grad_weight[tap.weight] = total;
            }
        }
    });
}

/// One tap of one input plane, and the rows and columns of output at which it falls inside the plane.
struct Taps<'a> {
    geometry: &'a Geometry,
    /// Where the plane starts.
    plane: usize,
    /// The position among an output channel's weights.
    weight: usize,
    /// The row of the kernel.
    kernel_row: usize,
    output_rows: Range<usize>,
    columns: Columns,
}

/// A range of output columns and the input column that its first one meets.
struct Columns {
    outputs: Range<usize>,
    source: usize,
}

impl<'a> Taps<'a> {
    /// The taps of an output channel, with the planes that they read.
    fn of_output(geometry: &'a Geometry, image: usize, output: usize) -> impl Iterator<Item = Self> {
        let first_channel = output / geometry.group_outputs() * geometry.group_inputs();
        let kernel_len = geometry.kernel[0] * geometry.kernel[1];
        (0..geometry.taps()).map(move |weight| {
            let channel = image * geometry.in_channels + first_channel + weight / kernel_len;
            Self::new(geometry, channel * geometry.input[0] * geometry.input[1], weight)
        })
    }

    fn new(geometry: &'a Geometry, plane: usize, weight: usize) -> Self {
        let [kernel_height, kernel_width] = geometry.kernel;
        let (kernel_row, kernel_column) = (weight / kernel_width % kernel_height, weight % kernel_width);
        let outputs = outputs_inside(geometry, 1, kernel_column);
        let source = if outputs.is_empty() { 0 } else { source_of(geometry, 1, outputs.start, kernel_column) };
        let output_rows = outputs_inside(geometry, 0, kernel_row);
        Self { geometry, plane, weight, kernel_row, output_rows, columns: Columns { outputs, source } }
    }

    /// The rows of output, each with the position of the first input that the tap meets in it.
    fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = if self.columns.outputs.is_empty() { 0..0 } else { self.output_rows.clone() };
        rows.map(|row| {
            let source_row = source_of(self.geometry, 0, row, self.kernel_row);
            (row, self.plane + source_row * self.geometry.input[1] + self.columns.source)
        })
    }
}

/// The outputs along an axis for which a tap falls inside the input.
fn outputs_inside(geometry: &Geometry, axis: usize, tap: usize) -> Range<usize> {
    let (stride, offset, before) = (geometry.stride[axis], tap * geometry.dilation[axis], geometry.padding[axis][0]);
    let start = before.saturating_sub(offset).div_ceil(stride);
    let end = (geometry.input[axis] + before).saturating_sub(offset).div_ceil(stride).min(geometry.output()[axis]);
    start.min(end)..end
}

fn source_of(geometry: &Geometry, axis: usize, output: usize, tap: usize) -> usize {
    output * geometry.stride[axis] + tap * geometry.dilation[axis] - geometry.padding[axis][0]
}

/// `to[i to_step] += weight from[i from_step]` for `i < count`.
struct AddScaled<'a, T> {
    to: &'a mut [T],
    to_step: usize,
    from: &'a [T],
    from_step: usize,
    weight: T,
    count: usize,
}

impl<T: ConvElement> WithSimd for AddScaled<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if (self.to_step, self.from_step) != (1, 1) {
            for index in 0..self.count {
                let to = &mut self.to[index * self.to_step];
                *to = *to + self.weight * self.from[index * self.from_step];
            }
            return;
        }
        let (to, to_rest) = T::as_vectors_mut::<S>(&mut self.to[..self.count]);
        let (from, from_rest) = T::as_vectors::<S>(&self.from[..self.count]);
        let weight = T::splat(simd, self.weight);
        for (to, &from) in to.iter_mut().zip(from) {
            *to = T::mul_add(simd, weight, from, *to);
        }
        let last = T::mul_add(simd, weight, T::load_part(simd, from_rest), T::load_part(simd, to_rest));
        T::store_part(simd, to_rest, last);
    }
}

/// The sum of `a[i] b[i b_step]`.
struct Dot<'a, T> {
    a: &'a [T],
    b: &'a [T],
    b_step: usize,
}

impl<T: ConvElement> WithSimd for Dot<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        if self.b_step != 1 {
            return (self.a.iter().zip(self.b.iter().step_by(self.b_step)))
                .fold(T::ZERO, |total, (&a, &b)| total + a * b);
        }
        let (a, a_rest) = T::as_vectors::<S>(self.a);
        let (b, b_rest) = T::as_vectors::<S>(&self.b[..self.a.len()]);
        let (a_pairs, a_last) = a.as_chunks::<2>();
        let (b_pairs, b_last) = b.as_chunks::<2>();
        let mut totals = [T::splat(simd, T::ZERO); 2];
        for (a, b) in a_pairs.iter().zip(b_pairs) {
            totals = [T::mul_add(simd, a[0], b[0], totals[0]), T::mul_add(simd, a[1], b[1], totals[1])];
        }
        for (&a, &b) in a_last.iter().zip(b_last) {
            totals[0] = T::mul_add(simd, a, b, totals[0]);
        }
        totals[1] = T::mul_add(simd, T::load_part(simd, a_rest), T::load_part(simd, b_rest), totals[1]);
        T::sum_lanes(simd, T::add_lanes(simd, totals[0], totals[1]))
    }
}
