//! Two-dimensional convolution (cross-correlation, as PyTorch defines it) of images, and its three derivatives.
//!
//! `y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] * x[n, g + c, i sh + k dh - top, j sw + l dw - left]`,
//! where `g` is the first input channel of output channel `o`'s group and `x` is zero outside the image.
//!
//! # The paths
//! | path | layout | chosen by [`plan`] when | how |
//! |---|---|---|---|
//! | [`Path::BatchInnermost`] | [`Layout::Chwn`] | [`fills_vectors_with_batch`] and [`window_stays_in_cache`] | direct; one SIMD lane is one image  |
//! | [`Path::WinogradRows`] | [`Layout::Chwn`] | the same, and [`suits_winograd_rows`] | rows of 3 or 5 taps with fewer products; one SIMD lane is one image |
//! | [`Path::Winograd`] | [`Layout::Nhwc`] | [`suits_winograd`] | 3x3 with fewer products than the definition asks for  |
//! | [`Path::Direct`] | [`Layout::Nchw`] | [`is_depthwise`] or [`has_few_channels`] (and none of the above) | direct; a SIMD lane per column  |
//! | [`Path::ChannelsInnermost`] | [`Layout::Nhwc`] | [`suits_channels_innermost`] | direct; a SIMD lane per output channel  |
//! | [`Path::ChannelsFromPlanes`] | the same; forward reads [`Layout::Nchw`] | the same, the images lie so, and [`suits_planes`] | the same  |
//! | [`Path::Gemm`] | [`Layout::Nchw`] | everything else | patches unrolled into a panel that stays in the cache, times the weight matrix (`gemm.rs`) |
//!
//! `paths.rs` calls the file of a path. With the ReLU and the max pooling that often follow a convolution, in one pass each
//! way: `pooled.rs`.
//!
//! `naive.rs` is the twin all of them are tested against. `JIMU_LOG=plan` prints which path each convolution takes
//! ([`log`]).
//!
//! # Determinism
//! Work is cut by the geometry only. Every output element is computed by one task in one order, and where a gradient
//! is a sum over tasks (`backward_weight`) the partial sums are added in the order of the tasks.

mod batch_innermost;
mod channels_innermost;
mod direct;
mod explain;
mod gemm;
mod layout;
pub mod naive;
mod pass;
mod paths;
mod pooled;
mod window;
mod windows;
mod winograd;
mod winograd_rows;

pub use layout::Layout;
pub use pooled::{backward_bias_pooled, backward_weight_pooled, forward_pooled, pooling};

use explain::Part;

use crate::buffer::Buffer;
use crate::lanes::{self, Lanes};
use crate::log;
use crate::simd;
use crate::threads;

/// Multiply-adds in a task of the direct paths, about: fewer are done before another thread has come.
const TASK: usize = 1 << 19;

/// The sizes of a convolution. Height comes before width in every pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels of the input, a multiple of `groups`.
    pub in_channels: usize,
    /// Channels of the output, a multiple of `groups`.
    pub out_channels: usize,
    /// Number of separate convolutions that the channels are divided among.
    pub groups: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows.
    pub stride: [usize; 2],
    /// Zeros around the input: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
    /// Distance between neighbouring taps of the kernel.
    pub dilation: [usize; 2],
}

impl Geometry {
    /// Height and width of the output: `(input + padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down, or 0
    /// where the padded input is smaller than the kernel.
    pub fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = self.input[axis] + self.padding[axis][0] + self.padding[axis][1];
            let reach = self.reach(axis);
            if padded < reach { 0 } else { (padded - reach) / self.stride[axis] + 1 }
        })
    }

    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.in_channels * self.input[0] * self.input[1]
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        let [height, width] = self.output();
        self.batch * self.out_channels * height * width
    }

    /// Elements of the weight `[out_channels, in_channels / groups, kernel height, kernel width]`.
    pub fn weight_len(&self) -> usize {
        self.out_channels * self.taps()
    }

    /// Multiply-adds of the forward pass, taps that fall on the padding included.
    pub fn multiply_adds(&self) -> usize {
        self.output_len() * self.taps()
    }

    /// Weights per output channel.
    fn taps(&self) -> usize {
        self.group_inputs() * self.kernel[0] * self.kernel[1]
    }

    /// Input channels per group.
    fn group_inputs(&self) -> usize {
        self.in_channels / self.groups
    }

    /// Output channels per group.
    fn group_outputs(&self) -> usize {
        self.out_channels / self.groups
    }

    /// Pixels of the input from a window's first tap to its last.
    fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    fn validate(&self) {
        assert!(self.groups > 0, "a convolution needs at least one group");
        assert!(
            self.in_channels.is_multiple_of(self.groups) && self.out_channels.is_multiple_of(self.groups),
            "{} input and {} output channels do not divide into {} groups",
            self.in_channels,
            self.out_channels,
            self.groups
        );
        for axis in 0..2 {
            assert!(self.kernel[axis] > 0, "the kernel is empty: {:?}", self.kernel);
            assert!(self.stride[axis] > 0, "a stride is zero: {:?}", self.stride);
            assert!(self.dilation[axis] > 0, "a dilation is zero: {:?}", self.dilation);
        }
    }
}

/// A way to compute a convolution and its derivatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// Direct, a SIMD lane per image.
    BatchInnermost,
    /// Winograd's minimal filtering along the rows, a SIMD lane per image; for kernels that [`is_winograd_rows`] allows.
    WinogradRows,
    /// Winograd's minimal filtering, channels innermost; for kernels that [`is_winograd`] allows.
    Winograd,
    /// Direct, channels innermost; for convolutions of one group.
    ChannelsInnermost,
    /// The same, but forward reads plain images; for convolutions of one group whose columns are not strided.
    ChannelsFromPlanes,
    /// Matrix product of the weight with unrolled patches.
    Gemm,
    /// Direct, a SIMD lane per column.
    Direct,
}

impl Path {
    /// The layout of the input that [`forward`] reads.
    pub fn reads(self) -> Layout {
        if self == Path::ChannelsFromPlanes { Layout::Nchw } else { self.layout() }
    }

    /// The layout of all else that the path reads and writes.
    pub fn layout(self) -> Layout {
        match self {
            Path::BatchInnermost | Path::WinogradRows => Layout::Chwn,
            Path::Winograd | Path::ChannelsInnermost | Path::ChannelsFromPlanes => Layout::Nhwc,
            Path::Gemm | Path::Direct => Layout::Nchw,
        }
    }
}

/// What follows the bias in [`forward`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// Nothing.
    #[default]
    Identity,
    /// `max(x, 0)`, NaN kept.
    Relu,
}

/// The fastest path for a geometry. See the table in the [module's documentation](self).
pub fn plan(geometry: &Geometry) -> Path {
    if fills_vectors_with_batch(geometry) && window_stays_in_cache(geometry) {
        if suits_winograd_rows(geometry) { Path::WinogradRows } else { Path::BatchInnermost }
    } else if suits_winograd(geometry) {
        Path::Winograd
    } else if is_depthwise(geometry) || has_few_channels(geometry) {
        Path::Direct
    } else if suits_channels_innermost(geometry) {
        Path::ChannelsInnermost
    } else {
        Path::Gemm
    }
}

/// The fastest path for images that lie in the layout `order`.
pub fn plan_from(geometry: &Geometry, order: Layout) -> Path {
    match plan(geometry) {
        Path::ChannelsInnermost if order == Layout::Nchw && suits_planes(geometry) => Path::ChannelsFromPlanes,
        path => path,
    }
}

/// A batch of at least one AVX2 vector, so that a lane per image wastes at most half the lanes.
pub fn fills_vectors_with_batch(geometry: &Geometry) -> bool {
    geometry.batch >= 8
}

/// The rows of input under one row of output, for one block of 16 images, and the weights fit the first-level cache
/// together: beyond that the direct kernel waits for memory and blocking by channel (the matrix product's) wins.
pub fn window_stays_in_cache(geometry: &Geometry) -> bool {
    let rows = geometry.group_inputs() * geometry.reach(0).min(geometry.input[0]) * geometry.input[1];
    let rows_back = geometry.group_outputs() * geometry.kernel[0] * geometry.output()[1];
    rows.max(rows_back) <= WINDOW_PIXELS
}

/// Pixels whose values for 16 images take 64 KiB in `f32`.
const WINDOW_PIXELS: usize = 1024;

/// The transforms along rows exist for it: kernels 3 or 5 wide, with neither stride nor dilation nor groups.
pub fn is_winograd_rows(geometry: &Geometry) -> bool {
    matches!(geometry.kernel[1], 3 | 5)
        && geometry.stride == [1, 1]
        && geometry.dilation == [1, 1]
        && geometry.groups == 1
}

/// The transforms save enough products, and the sums at each point are long enough.
pub fn suits_winograd_rows(geometry: &Geometry) -> bool {
    let (width, taps) = (geometry.output()[1], geometry.kernel[1]);
    is_winograd_rows(geometry)
        && winograd_rows::products(width, taps) * 2 <= width * taps
        && geometry.in_channels * geometry.kernel[0] >= 5
}

/// Winograd's transforms exist for it: kernels of 3x3 with neither stride nor dilation nor groups, and at most 2 pixels
/// of padding.
pub fn is_winograd(geometry: &Geometry) -> bool {
    geometry.kernel == [3, 3]
        && geometry.stride == [1, 1]
        && geometry.dilation == [1, 1]
        && geometry.groups == 1
        && geometry.padding.as_flattened().iter().all(|&padding| padding <= 2)
}

/// There are enough channels on both sides for the products to outweigh the transforms.
pub fn suits_winograd(geometry: &Geometry) -> bool {
    is_winograd(geometry) && geometry.in_channels.min(geometry.out_channels) >= WINOGRAD_CHANNELS
}

/// Fewest channels for which the transforms pay.
const WINOGRAD_CHANNELS: usize = 24;

/// One group, and enough input channels for the broadcasts or enough output channels for the lanes.
pub fn suits_channels_innermost(geometry: &Geometry) -> bool {
    geometry.groups == 1 && (geometry.in_channels >= MIN_INPUTS || geometry.out_channels >= MIN_OUTPUTS)
}

/// Fewest input channels for which the channels are innermost however many products there are.
const MIN_INPUTS: usize = 8;
/// Fewest output channels for the same: the first convolution of a network for colour images has 3 channels of input, and
/// its output lies as the next one wants it.
const MIN_OUTPUTS: usize = 16;

/// Neighbouring outputs meet neighbours in a plane, and there are so few channels on one side that to move them costs as much
/// as it brings.
pub fn suits_planes(geometry: &Geometry) -> bool {
    geometry.groups == 1
        && geometry.stride[1] == 1
        && (geometry.in_channels < MIN_INPUTS || geometry.out_channels <= MIN_OUTPUTS)
}

/// Few channels on both sides of one group, in rows of at least half a vector: the width fills the lanes better.
pub fn has_few_channels(geometry: &Geometry) -> bool {
    geometry.groups == 1
        && geometry.in_channels < MIN_INPUTS
        && geometry.out_channels < MIN_OUTPUTS
        && geometry.output()[1] >= MIN_OUTPUTS / 2
}

/// Every channel is a group of its own, with any number of output channels.
pub fn is_depthwise(geometry: &Geometry) -> bool {
    geometry.groups == geometry.in_channels && geometry.groups > 1
}

/// An element type that convolutions are computed in: `f32` or `f64`.
pub trait ConvElement: Lanes + crate::gemm::GemmElement + crate::pool2d::PoolElement {
    /// The kernels of this type. A static is compiled in this crate alone, not in each that calls its functions.
    #[doc(hidden)]
    const KERNELS: &'static Kernels<Self>;
}

type ForwardKernel<T> = fn(&Geometry, Path, &[T], &[T], Option<&[T]>, Activation, &mut [T]);
type ForwardPooledKernel<T> = fn(&Geometry, Path, &[T], &[T], Option<&[T]>, &mut [T], &mut [u32]);
type WeightPooledKernel<T> = fn(&Geometry, Path, &[T], &[T], &[u32], &mut [T]);

/// What the public functions do once they have checked their arguments.
#[doc(hidden)]
pub struct Kernels<T: 'static> {
    forward: ForwardKernel<T>,
    backward_input: fn(&Geometry, Path, &[T], &[T], &mut [T]),
    backward_weight: fn(&Geometry, Path, &[T], &[T], &mut [T]),
    sum_channels: fn(usize, Layout, &[T], &mut [T]),
    forward_pooled: ForwardPooledKernel<T>,
    backward_weight_pooled: WeightPooledKernel<T>,
    backward_bias_pooled: fn(&Geometry, Path, &[T], &[u32], &mut [T]),
}

macro_rules! impl_conv_element {
    ($number:ty) => {
        impl ConvElement for $number {
            const KERNELS: &'static Kernels<Self> = {
                static KERNELS: Kernels<$number> = Kernels {
                    forward: paths::forward,
                    backward_input: paths::backward_input,
                    backward_weight: paths::backward_weight,
                    sum_channels,
                    forward_pooled: pooled::forward,
                    backward_weight_pooled: pooled::backward_weight,
                    backward_bias_pooled: pooled::backward_bias,
                };
                &KERNELS
            };
        }
    };
}
impl_conv_element!(f32);
impl_conv_element!(f64);

/// `y = activation(x * weight + bias)`; `x` is contiguous in `path.reads()` and `y` in `path.layout()`.
///
/// # Panics
/// If a slice's length is not the geometry's, the channels do not divide into the groups, or the kernel, a stride or
/// a dilation is zero.
///
/// # Example
/// ```
/// use jimu_kernels::conv2d::{self, Activation, Geometry};
/// let geometry = Geometry {
///     batch: 1,
///     in_channels: 1,
///     out_channels: 1,
///     groups: 1,
///     input: [1, 4],
///     kernel: [1, 2],
///     stride: [1, 1],
///     padding: [[0, 0], [0, 0]],
///     dilation: [1, 1],
/// };
/// let mut y = [0.0f32; 3];
/// let path = conv2d::plan(&geometry);
/// let x = [1.0, 2.0, 4.0, 8.0];
/// conv2d::forward(&geometry, path, &x, &[-1.0, 1.0], Some(&[0.5]), Activation::Identity, &mut y);
/// assert_eq!(y, [1.5, 2.5, 4.5]);
/// ```
pub fn forward<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    check_lengths(geometry, x.len(), weight.len(), y.len());
    if let Some(bias) = bias {
        assert_eq!(bias.len(), geometry.out_channels, "conv2d: the bias needs one value per output channel");
    }
    if y.is_empty() {
        return;
    }
    log::plan(|| explain::line::<T>(geometry, path, Part::Forward, activation));
    (<T as ConvElement>::KERNELS.forward)(geometry, path, x, weight, bias, activation, y);
}

/// The gradient of the input, written over `grad_x`; `grad_y` and `grad_x` are contiguous in `path.layout()`.
///
/// # Panics
/// As [`forward`].
pub fn backward_input<T: ConvElement>(geometry: &Geometry, path: Path, grad_y: &[T], weight: &[T], grad_x: &mut [T]) {
    check_lengths(geometry, grad_x.len(), weight.len(), grad_y.len());
    if grad_y.is_empty() || grad_x.is_empty() {
        grad_x.fill(T::ZERO);
        return;
    }
    log::plan(|| explain::line::<T>(geometry, path, Part::BackwardInput, Activation::Identity));
    (<T as ConvElement>::KERNELS.backward_input)(geometry, path, grad_y, weight, grad_x);
}

/// The gradient of the weight, written over `grad_weight`; `x` and `grad_y` are contiguous in `path.layout()`.
///
/// # Panics
/// As [`forward`].
pub fn backward_weight<T: ConvElement>(geometry: &Geometry, path: Path, x: &[T], grad_y: &[T], grad_weight: &mut [T]) {
    check_lengths(geometry, x.len(), grad_weight.len(), grad_y.len());
    if grad_y.is_empty() || grad_weight.is_empty() {
        grad_weight.fill(T::ZERO);
        return;
    }
    log::plan(|| explain::line::<T>(geometry, path, Part::BackwardWeight, Activation::Identity));
    (<T as ConvElement>::KERNELS.backward_weight)(geometry, path, x, grad_y, grad_weight);
}

/// The gradient of the bias, written over `grad_bias`: the sum of `grad_y` over images and pixels.
///
/// # Panics
/// If a slice's length is not the geometry's.
pub fn backward_bias<T: ConvElement>(geometry: &Geometry, path: Path, grad_y: &[T], grad_bias: &mut [T]) {
    assert_eq!(grad_y.len(), geometry.output_len(), "conv2d: length of the output's gradient");
    assert_eq!(grad_bias.len(), geometry.out_channels, "conv2d: length of the bias's gradient");
    (<T as ConvElement>::KERNELS.sum_channels)(geometry.batch, path.layout(), grad_y, grad_bias);
}

/// The sum of each channel of `batch` images, of which there are as many as `grad_bias` is long.
fn sum_channels<T: ConvElement>(batch: usize, layout: Layout, grad_y: &[T], grad_bias: &mut [T]) {
    let channels = grad_bias.len();
    let pixels = grad_y.len() / (batch * channels).max(1);
    if layout == Layout::Nhwc {
        return sum_rows(grad_y, grad_bias);
    }
    threads::parallel_chunks_mut(grad_bias, 1, |channel, total| {
        total[0] = match layout {
            Layout::Chwn => lanes::sum(&grad_y[channel * pixels * batch..][..pixels * batch]),
            _ => (0..batch).fold(T::ZERO, |total, image| {
                total + lanes::sum(&grad_y[(image * channels + channel) * pixels..][..pixels])
            }),
        };
    });
}

/// The sum of the rows of `values`, which are as long as `total`.
fn sum_rows<T: ConvElement>(values: &[T], total: &mut [T]) {
    const ROWS: usize = 1024;
    let len = total.len();
    if values.is_empty() {
        return total.fill(T::ZERO);
    }
    let mut partials = Buffer::zeroed(values.len().div_ceil(ROWS * len) * len);
    threads::parallel_chunks_mut(&mut partials, len, |index, partial| {
        let rows = values[index * ROWS * len..].chunks_exact(len).take(ROWS);
        simd::dispatch(
            #[inline(always)]
            || rows.for_each(|row| partial.iter_mut().zip(row).for_each(|(sum, &value)| *sum = *sum + value)),
        );
    });
    add_in_order(&partials, total);
}

fn check_lengths(geometry: &Geometry, x: usize, weight: usize, y: usize) {
    geometry.validate();
    assert_eq!(x, geometry.input_len(), "conv2d: length of the input for {geometry:?}");
    assert_eq!(weight, geometry.weight_len(), "conv2d: length of the weight for {geometry:?}");
    assert_eq!(y, geometry.output_len(), "conv2d: length of the output for {geometry:?}");
}

/// Adds `partials`, one after the other, into `total`, which they are as long as: in their order for every element.
fn add_in_order<T: ConvElement>(partials: &Buffer<T>, total: &mut [T]) {
    let len = total.len();
    threads::parallel_chunks_mut(total, 4096, |index, chunk| {
        let start = index * 4096;
        chunk.fill(T::ZERO);
        for partial in partials.chunks_exact(len) {
            for (sum, &value) in chunk.iter_mut().zip(&partial[start..]) {
                *sum = *sum + value;
            }
        }
    });
}

#[cfg(test)]
mod tests;
