//! Two-dimensional max and average pooling, and their derivatives, as PyTorch defines them.
//!
//! All layouts are one to the kernels: a *plane* of pixels, each of which is a row of `lanes` numbers. In
//! [`Layout::Chwn`] a plane is a channel and a pixel is the whole batch's row; in [`Layout::Nhwc`] a plane is an image and
//! a pixel is the row of its channels; in [`Layout::Nchw`] a plane is one image's channel and a pixel is one number. A
//! task is one plane, so results do not depend on the number of threads.
//!
//! | path | when |
//! |---|---|
//! | one pass over the four pixels of a window (`max.rs`) | max, [`is_halving`]: 2x2 windows, stride 2, no padding |
//! | one pass per tap of the window | everything else |
//!
//! Loops over lanes are plain ones, compiled for the machine's widest vectors; with one lane they are scalar code.
//! `naive.rs` is the twin that both are tested against. `JIMU_LOG=plan` prints the path ([`log`]).

mod average;
mod explain;
mod max;
pub mod naive;

pub(crate) use max::{greatest, greatest_alone, spread};

use std::ops::Range;

use crate::conv2d::{Activation, Layout};
use crate::lanes::Lanes;
use crate::log;
use crate::threads;

/// The sizes of a pooling. Height comes before width in every pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels.
    pub channels: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output: PyTorch's `ceil_mode` is settled in it.
    pub output: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows.
    pub stride: [usize; 2],
    /// Padding above and below, and left and right: minus infinity for max, zero for average.
    pub padding: [usize; 2],
    /// Distance between neighbouring pixels of a window; 1 for average.
    pub dilation: [usize; 2],
}

impl Geometry {
    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.channels * self.input[0] * self.input[1]
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        self.batch * self.channels * self.output[0] * self.output[1]
    }

    /// The output size along an axis, by PyTorch's rule: `(input + 2 padding - dilation (kernel - 1) - 1) / stride + 1`,
    /// rounded down, or up if `ceil_mode`, but without windows that would start in the padding after the input. 0 if
    /// the padded input is smaller than the window.
    pub fn output_size(
        input: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        dilation: usize,
        ceil_mode: bool,
    ) -> usize {
        let (padded, reach) = (input + 2 * padding, dilation * (kernel - 1) + 1);
        if padded < reach {
            return 0;
        }
        if !ceil_mode {
            return (padded - reach) / stride + 1;
        }
        let windows = (padded - reach).div_ceil(stride) + 1;
        if (windows - 1) * stride >= input + padding { windows - 1 } else { windows }
    }

    /// The taps along an axis that fall inside the input for an output, and the input that the first of them meets.
    fn taps_inside(&self, axis: usize, output: usize) -> (Range<usize>, usize) {
        let (start, before, dilation) = (output * self.stride[axis], self.padding[axis], self.dilation[axis]);
        let first = before.saturating_sub(start).div_ceil(dilation);
        let end = (self.input[axis] + before).saturating_sub(start).div_ceil(dilation).min(self.kernel[axis]);
        if first < end { (first..end, start + first * dilation - before) } else { (0..0, 0) }
    }

    fn validate(&self) {
        for axis in 0..2 {
            let positive = self.kernel[axis] > 0 && self.stride[axis] > 0 && self.dilation[axis] > 0;
            assert!(positive, "pool2d: kernel, stride and dilation must be positive: {self:?}");
            let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            assert!(2 * self.padding[axis] <= reach, "pool2d: padding above half the window: {self:?}");
            let windows = self.output[axis].saturating_sub(1) * self.stride[axis];
            let fits = self.output[axis] == 0 || windows < self.input[axis] + self.padding[axis];
            assert!(fits, "pool2d: a window starts after the input: {self:?}");
        }
    }
}

/// What average pooling divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Divisor {
    /// The window's pixels, those on the padding included.
    #[default]
    WindowWithPadding,
    /// The window's pixels inside the input.
    WindowInside,
    /// This number.
    Fixed(usize),
}

/// Windows of 2x2 pixels that tile the input; a last odd row or column is in none.
pub fn is_halving(geometry: &Geometry) -> bool {
    geometry.kernel == [2, 2]
        && geometry.stride == [2, 2]
        && geometry.padding == [0, 0]
        && geometry.dilation == [1, 1]
        && (0..2).all(|axis| geometry.output[axis] * 2 <= geometry.input[axis])
}

/// The tap of a window whose greatest number a ReLU has made 0: no gradient reaches it.
pub const NO_TAP: u32 = u32::MAX;

/// The position in the input plane (`row * width + column`, as PyTorch's `return_indices` gives it) of a tap of the
/// window at an output pixel (`row * output width + column`).
pub fn flat_index(geometry: &Geometry, output_pixel: usize, tap: u32) -> i64 {
    let output = [output_pixel / geometry.output[1], output_pixel % geometry.output[1]];
    let taps = [tap as usize / geometry.kernel[1], tap as usize % geometry.kernel[1]];
    let [row, column] = [0, 1].map(|axis| {
        output[axis] * geometry.stride[axis] + taps[axis] * geometry.dilation[axis] - geometry.padding[axis]
    });
    (row * geometry.input[1] + column) as i64
}

/// An element type that is pooled: `f32` or `f64`.
pub trait PoolElement: Lanes {
    /// The kernels of this type. A static is compiled in this crate alone, not in each that calls its functions.
    #[doc(hidden)]
    const KERNELS: &'static Kernels<Self>;
}

/// Geometry, lanes, what follows, input; output and taps.
type MaxForward<T> = fn(&Geometry, usize, Activation, &[T], &mut [T], &mut [u32]);

/// The kernels of a plane.
#[doc(hidden)]
pub struct Kernels<T: 'static> {
    max: MaxForward<T>,
    max_backward: fn(&Geometry, usize, &[T], &[u32], &mut [T]),
    average: fn(&Geometry, usize, Divisor, &[T], &mut [T]),
    average_backward: fn(&Geometry, usize, Divisor, &[T], &mut [T]),
}

macro_rules! impl_pool_element {
    ($number:ty) => {
        impl PoolElement for $number {
            const KERNELS: &'static Kernels<Self> = {
                static KERNELS: Kernels<$number> = Kernels {
                    max: max::forward,
                    max_backward: max::backward,
                    average: average::forward,
                    average_backward: average::backward,
                };
                &KERNELS
            };
        }
    };
}
impl_pool_element!(f32);
impl_pool_element!(f64);

/// The largest number of every window into `y`, and which tap of the window it was (`row * kernel width + column`) into
/// `taps`; see [`flat_index`]. The first of equal numbers wins; NaN wins over all, the last NaN over the others. With
/// [`Activation::Relu`] what is not positive becomes 0, and its tap [`NO_TAP`].
///
/// # Panics
/// If a length is not the geometry's, a padding is above half the window, or a kernel, stride or dilation is zero.
///
/// # Example
/// ```
/// use jimu_kernels::{conv2d::{Activation, Layout}, pool2d};
/// let geometry = pool2d::Geometry {
///     batch: 1,
///     channels: 1,
///     input: [2, 4],
///     output: [1, 2],
///     kernel: [2, 2],
///     stride: [2, 2],
///     padding: [0, 0],
///     dilation: [1, 1],
/// };
/// let (mut y, mut taps) = ([0.0f32; 2], [0; 2]);
/// let x = [1.0, 5.0, 2.0, 2.0, 3.0, 4.0, 0.0, 7.0];
/// pool2d::max_forward(&geometry, Layout::Nchw, Activation::Identity, &x, &mut y, &mut taps);
/// assert_eq!((y, taps), ([5.0, 7.0], [1, 3]));
/// assert_eq!(pool2d::flat_index(&geometry, 1, taps[1]), 7);
/// ```
pub fn max_forward<T: PoolElement>(
    geometry: &Geometry,
    layout: Layout,
    activation: Activation,
    x: &[T],
    y: &mut [T],
    taps: &mut [u32],
) {
    check_lengths(geometry, x.len(), y.len());
    assert_eq!(taps.len(), y.len(), "pool2d: one tap per output");
    log::plan(|| explain::line::<T>("max_pool2d forward", geometry, layout));
    let planes = Planes::new(geometry, layout);
    if y.is_empty() {
        return;
    }
    let each = planes.per_task(planes.output_len);
    let chunk = each * planes.output_len;
    threads::parallel_chunks2_mut(y, chunk, taps, chunk, |task, y, taps| {
        let outputs = y.chunks_exact_mut(planes.output_len).zip(taps.chunks_exact_mut(planes.output_len));
        for (index, (y, taps)) in outputs.enumerate() {
            (T::KERNELS.max)(geometry, planes.lanes, activation, planes.input(x, task * each + index), y, taps);
        }
    });
}

/// The gradient of [`max_forward`]'s input, written over `grad_x`: each output's gradient goes to its window's maximum.
///
/// # Panics
/// As [`max_forward`].
pub fn max_backward<T: PoolElement>(geometry: &Geometry, layout: Layout, grad_y: &[T], taps: &[u32], grad_x: &mut [T]) {
    check_lengths(geometry, grad_x.len(), grad_y.len());
    assert_eq!(taps.len(), grad_y.len(), "pool2d: one tap per output");
    log::plan(|| explain::line::<T>("max_pool2d backward", geometry, layout));
    let planes = Planes::new(geometry, layout);
    planes.for_each(grad_x, planes.input_len, |plane, grad_x| {
        (T::KERNELS.max_backward)(
            geometry,
            planes.lanes,
            planes.output(grad_y, plane),
            planes.output(taps, plane),
            grad_x,
        );
    });
}

/// The mean of every window into `y`.
///
/// # Panics
/// As [`max_forward`], and if the divisor or the dilation is not positive or not 1.
pub fn average_forward<T: PoolElement>(geometry: &Geometry, layout: Layout, divisor: Divisor, x: &[T], y: &mut [T]) {
    check_lengths(geometry, x.len(), y.len());
    check_divisor(geometry, divisor);
    log::plan(|| explain::line::<T>("avg_pool2d forward", geometry, layout));
    let planes = Planes::new(geometry, layout);
    planes.for_each(y, planes.output_len, |plane, y| {
        (T::KERNELS.average)(geometry, planes.lanes, divisor, planes.input(x, plane), y);
    });
}

/// The gradient of [`average_forward`]'s input, written over `grad_x`.
///
/// # Panics
/// As [`average_forward`].
pub fn average_backward<T: PoolElement>(
    geometry: &Geometry,
    layout: Layout,
    divisor: Divisor,
    grad_y: &[T],
    grad_x: &mut [T],
) {
    check_lengths(geometry, grad_x.len(), grad_y.len());
    check_divisor(geometry, divisor);
    log::plan(|| explain::line::<T>("avg_pool2d backward", geometry, layout));
    let planes = Planes::new(geometry, layout);
    planes.for_each(grad_x, planes.input_len, |plane, grad_x| {
        (T::KERNELS.average_backward)(geometry, planes.lanes, divisor, planes.output(grad_y, plane), grad_x);
    });
}

fn check_lengths(geometry: &Geometry, x: usize, y: usize) {
    geometry.validate();
    assert_eq!(x, geometry.input_len(), "pool2d: length of the input for {geometry:?}");
    assert_eq!(y, geometry.output_len(), "pool2d: length of the output for {geometry:?}");
}

fn check_divisor(geometry: &Geometry, divisor: Divisor) {
    assert_eq!(geometry.dilation, [1, 1], "pool2d: average pooling has no dilation");
    assert_ne!(divisor, Divisor::Fixed(0), "pool2d: the divisor is zero");
}

/// Numbers that a task writes, at least.
const TASK: usize = 1 << 13;

/// The planes of a batch in a layout.
#[derive(Clone, Copy)]
struct Planes {
    lanes: usize,
    input_len: usize,
    output_len: usize,
}

impl Planes {
    fn new(geometry: &Geometry, layout: Layout) -> Self {
        let lanes = match layout {
            Layout::Nchw => 1,
            Layout::Nhwc => geometry.channels,
            Layout::Chwn => geometry.batch,
        };
        let [input_len, output_len] = [geometry.input, geometry.output].map(|[height, width]| height * width * lanes);
        Self { lanes, input_len, output_len }
    }

    fn input<T>(self, values: &[T], plane: usize) -> &[T] {
        &values[plane * self.input_len..][..self.input_len]
    }

    fn output<T>(self, values: &[T], plane: usize) -> &[T] {
        &values[plane * self.output_len..][..self.output_len]
    }

    /// Runs `task` on every plane of `results`.
    fn for_each<T: Send>(self, results: &mut [T], plane_len: usize, task: impl Fn(usize, &mut [T]) + Sync) {
        if plane_len > 0 {
            let each = self.per_task(plane_len);
            threads::parallel_chunks_mut(results, each * plane_len, |index, results| {
                let planes = results.chunks_exact_mut(plane_len).enumerate();
                planes.for_each(|(plane, results)| task(index * each + plane, results));
            });
        }
    }

    /// Planes of a task: one, or as many small ones as are done before another thread has come.
    fn per_task(self, plane_len: usize) -> usize {
        (TASK / plane_len).max(1)
    }
}

#[cfg(test)]
mod tests;
