//! A convolution with what often follows it, ReLU and max pooling of windows of 2x2 side by side, in one pass each way.
//!
//! The output of the convolution, four times as long as that of the pooling, is written and read by each operation that runs by
//! itself, and so is its gradient, of which three quarters are zeros. Here they need not come to memory:
//!
//! | | path | how |
//! |---|---|---|
//! | forward | [`Path::BatchInnermost`], [`Path::WinogradRows`] | a task pools the windows that it has just summed (`windows.rs`) |
//! | | the others | the output in a buffer, then pooled |
//! | gradient of the weight | a direct one of rows of taps ([`spreads_in_tasks`]) | a task spreads the windows' gradient over the rows that it is about to read |
//! | | the others | the gradient spread in a buffer, then the convolution's |
//!
//! The numbers are those of the operations one after the other, to the bit: ReLU never decreases, so that it may come last.

use super::explain::Part;
use super::windows::{Output, Pooled};
use super::{
    Activation, ConvElement, Geometry, Layout, Path, batch_innermost, check_lengths, explain, sum_channels,
    winograd_rows,
};
use crate::buffer::Buffer;
use crate::log;
use crate::pool2d::{self, NO_TAP};
use crate::simd;
use crate::threads;

/// The pooling of a convolution's output.
pub fn pooling(geometry: &Geometry) -> pool2d::Geometry {
    let input = geometry.output();
    pool2d::Geometry {
        batch: geometry.batch,
        channels: geometry.out_channels,
        input,
        output: input.map(|size| size / 2),
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
        dilation: [1, 1],
    }
}

/// Whether a task of the weight's gradient spreads what it needs.
fn spreads_in_tasks<T: ConvElement>(geometry: &Geometry, path: Path) -> bool {
    match path {
        Path::BatchInnermost => batch_innermost::slides::<T>(geometry),
        Path::WinogradRows => winograd_rows::slides::<T>(geometry),
        _ => false,
    }
}

/// The rectified maxima of the [`pooling`] of a convolution's output into `y`, and their taps into `taps`, as
/// [`pool2d::max_forward`] with ReLU writes them; `taps` may be empty if they are not wanted. `x` is contiguous in
/// `path.reads()`, `y` and `taps` in `path.layout()`.
///
/// # Panics
/// As [`forward`](super::forward), and if `taps` is neither empty nor as long as `y`.
pub fn forward_pooled<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    y: &mut [T],
    taps: &mut [u32],
) {
    check_lengths(geometry, x.len(), weight.len(), geometry.output_len());
    check_windows(geometry, y.len());
    assert!(taps.is_empty() || taps.len() == y.len(), "conv2d: one tap per window, or none");
    if let Some(bias) = bias {
        assert_eq!(bias.len(), geometry.out_channels, "conv2d: the bias needs one value per output channel");
    }
    if !y.is_empty() {
        (<T as ConvElement>::KERNELS.forward_pooled)(geometry, path, x, weight, bias, y, taps);
    }
}

/// The gradient of the weight, written over `grad_weight`, from that of what [`forward_pooled`] gave, and its taps; all but
/// `grad_weight` are contiguous in `path.layout()`.
///
/// # Panics
/// As [`forward_pooled`].
pub fn backward_weight_pooled<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    grad_y: &[T],
    taps: &[u32],
    grad_weight: &mut [T],
) {
    check_lengths(geometry, x.len(), grad_weight.len(), geometry.output_len());
    check_windows(geometry, grad_y.len());
    assert_eq!(taps.len(), grad_y.len(), "conv2d: one tap per window");
    match grad_y.is_empty() || grad_weight.is_empty() {
        true => grad_weight.fill(T::ZERO),
        false => (<T as ConvElement>::KERNELS.backward_weight_pooled)(geometry, path, x, grad_y, taps, grad_weight),
    }
}

/// The gradient of the bias, written over `grad_bias`: the sum of `grad_y` over images and windows, but where a ReLU has made
/// the output 0.
///
/// # Panics
/// If a slice's length is not the geometry's.
pub fn backward_bias_pooled<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    grad_y: &[T],
    taps: &[u32],
    grad_bias: &mut [T],
) {
    check_windows(geometry, grad_y.len());
    assert_eq!(taps.len(), grad_y.len(), "conv2d: one tap per window");
    assert_eq!(grad_bias.len(), geometry.out_channels, "conv2d: length of the bias's gradient");
    (<T as ConvElement>::KERNELS.backward_bias_pooled)(geometry, path, grad_y, taps, grad_bias);
}

fn check_windows(geometry: &Geometry, windows: usize) {
    assert_eq!(windows, pooling(geometry).output_len(), "conv2d: number of windows of {geometry:?}");
}

/// [`forward_pooled`] of a type.
pub(super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    y: &mut [T],
    taps: &mut [u32],
) {
    let planned = || explain::pooled_line::<T>(geometry, path, Part::Forward);
    match path {
        Path::BatchInnermost => {
            log::plan(planned);
            batch_innermost::forward(geometry, x, weight, bias, Output::Windows(y, taps));
        }
        Path::WinogradRows => {
            log::plan(planned);
            winograd_rows::forward(geometry, x, weight, bias, Output::Windows(y, taps));
        }
        _ => {
            let mut pixels = Buffer::unspecified(geometry.output_len());
            super::forward(geometry, path, x, weight, bias, Activation::Identity, &mut pixels);
            let mut unwanted = Buffer::unspecified(if taps.is_empty() { y.len() } else { 0 });
            let taps = if taps.is_empty() { &mut unwanted[..] } else { taps };
            pool2d::max_forward(&pooling(geometry), path.layout(), Activation::Relu, &pixels, y, taps);
        }
    }
}

/// [`backward_bias_pooled`] of a type.
pub(super) fn backward_bias<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    grad_y: &[T],
    taps: &[u32],
    grad_bias: &mut [T],
) {
    let plane = grad_y.len() / geometry.out_channels;
    if path.layout() == Layout::Chwn && plane > 0 {
        return threads::parallel_chunks_mut(grad_bias, 1, |channel, total| {
            let values = channel * plane..(channel + 1) * plane;
            total[0] = sum_reached(&grad_y[values.clone()], &taps[values]);
        });
    }
    let mut reached = Buffer::unspecified(grad_y.len());
    for ((to, &value), &tap) in reached.iter_mut().zip(grad_y).zip(taps) {
        *to = if tap == NO_TAP { T::ZERO } else { value };
    }
    sum_channels(geometry.batch, path.layout(), &reached, grad_bias);
}

/// The sum of the values that have a tap.
fn sum_reached<T: ConvElement>(values: &[T], taps: &[u32]) -> T {
    /// Sums side by side, so that additions need not wait for each other.
    const SUMS: usize = 128;
    simd::dispatch(
        #[inline(always)]
        || {
            let mut sums = [T::ZERO; SUMS];
            for (values, taps) in values.chunks(SUMS).zip(taps.chunks(SUMS)) {
                for ((sum, &value), &tap) in sums.iter_mut().zip(values).zip(taps) {
                    *sum = *sum + if tap == NO_TAP { T::ZERO } else { value };
                }
            }
            sums.into_iter().fold(T::ZERO, |total, sum| total + sum)
        },
    )
}

/// [`backward_weight_pooled`] of a type.
pub(super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    grad_y: &[T],
    taps: &[u32],
    grad_weight: &mut [T],
) {
    let pooling = pooling(geometry);
    if spreads_in_tasks::<T>(geometry, path) {
        log::plan(|| explain::pooled_line::<T>(geometry, path, Part::BackwardWeight));
        let grad_y = Pooled { grad: grad_y, taps, size: pooling.output, batch: geometry.batch };
        return batch_innermost::backward_weight_pooled(geometry, x, grad_y, grad_weight);
    }
    let mut pixels = Buffer::unspecified(geometry.output_len());
    pool2d::max_backward(&pooling, path.layout(), grad_y, taps, &mut pixels);
    super::backward_weight(geometry, path, x, &pixels, grad_weight);
}
