//! Normalisation: means and variances of parts of a tensor, their use, and the sums that its gradient needs.
//!
//! ```text
//! slabs.rs  the elements are [outer, count, inner] in memory; the elements [:, s, :] are slab s and share their numbers
//!             batch normalisation     a slab is a channel: [n, c, h·w], with the batch innermost [1, c, h·w·n],
//!                                     channels last [n·h·w, c, 1]
//!             instance, group norm    a slab is a channel of one image: [1, n·c, h·w]
//!           inner >= WIDE   stretches of `inner` neighbours share their numbers
//!           inner <  WIDE   columns of a matrix with `outer` rows, each with a number of its own
//! rows.rs   [rows, len]: each row is normalised by itself, each column has a weight: layer norm, RMS norm
//! ```
//! Every pass reads memory once. Means are found in pieces of at most RUN elements and squares are taken about the
//! piece's own mean, so that nothing cancels; pieces are put together in the order of memory, whose cut depends on the
//! sizes alone: the bits do not depend on threads.

mod rows;
mod slabs;

pub use slabs::Slabs;

use crate::math::Elementary;

/// A number that is normalised: `f32` or `f64`.
pub trait NormalizeElement: Elementary {
    /// The kernels of this type. A static is compiled in this crate alone, not in each that calls its functions.
    #[doc(hidden)]
    const KERNELS: &'static Kernels<Self>;
}

/// The functions of this module; their arguments are those of the public functions.
#[doc(hidden)]
#[expect(clippy::type_complexity, reason = "each type is the signature of the function of that name")]
pub struct Kernels<F: 'static> {
    moments: fn(&[F], Slabs, &mut [F], &mut [F]),
    gradient_sums: fn([&[F]; 2], Slabs, &[F], Option<[&[F]; 2]>, &mut [F], &mut [F]),
    affine: fn(&[F], Slabs, [&[F]; 3], bool, &mut [F]),
    gradient: fn([&[F]; 2], Slabs, [&[F]; 4], Option<[&[F]; 2]>, &mut [F]),
    rows: fn(&[F], [&[F]; 2], bool, f64, [&mut [F]; 2], &mut [F]),
    row_gradients: fn([&[F]; 2], &[F], bool, [&[F]; 2], &mut [F]),
    row_weight_gradients: fn([&[F]; 2], [&[F]; 2], &mut [F], &mut [F]),
}

macro_rules! normalize_element {
    ($number:ty) => {
        impl NormalizeElement for $number {
            const KERNELS: &'static Kernels<Self> = {
                static KERNELS: Kernels<$number> = Kernels {
                    moments: slabs::moments,
                    gradient_sums: slabs::gradient_sums,
                    affine: slabs::affine,
                    gradient: slabs::gradient,
                    rows: rows::rows,
                    row_gradients: rows::row_gradients,
                    row_weight_gradients: rows::row_weight_gradients,
                };
                &KERNELS
            };
        }
    };
}
normalize_element!(f32);
normalize_element!(f64);

/// The mean of every slab, and its variance: the mean squared distance from the mean.
///
/// # Panics
/// If a length is not that of the slabs.
///
/// # Example
/// ```
/// use jimu_kernels::normalize::{Slabs, moments};
/// let (mut mean, mut variance) = ([0.0f32; 2], [0.0; 2]);
/// moments(&[1.0, 7.0, 3.0, 7.0], Slabs { outer: 2, count: 2, inner: 1 }, &mut mean, &mut variance);
/// assert_eq!((mean, variance), ([2.0, 7.0], [1.0, 0.0]));
/// ```
pub fn moments<F: NormalizeElement>(x: &[F], slabs: Slabs, mean: &mut [F], variance: &mut [F]) {
    (F::KERNELS.moments)(x, slabs, mean, variance);
}

/// For every slab, the sum of `grad` and that of `grad · (x - center)`. With a `gate`, the scale and shift of each slab,
/// `grad` came through a ReLU: it counts as 0 where `(x - center) · scale + shift <= 0`.
///
/// # Panics
/// If a length is not that of the slabs.
pub fn gradient_sums<F: NormalizeElement>(
    grad_and_x: [&[F]; 2],
    slabs: Slabs,
    center: &[F],
    gate: Option<[&[F]; 2]>,
    sum: &mut [F],
    product: &mut [F],
) {
    (F::KERNELS.gradient_sums)(grad_and_x, slabs, center, gate, sum, product);
}

/// `out = (x - center) · scale + shift`, with three numbers for each slab; with `relu` the larger of that and 0.
///
/// # Panics
/// If a length is not that of the slabs.
///
/// # Example
/// ```
/// use jimu_kernels::normalize::{Slabs, affine};
/// let mut out = [0.0f32; 2];
/// affine(&[1.0, 5.0], Slabs { outer: 1, count: 1, inner: 2 }, [&[2.0], &[10.0], &[0.5]], true, &mut out);
/// assert_eq!(out, [0.0, 30.5]);
/// ```
pub fn affine<F: NormalizeElement>(x: &[F], slabs: Slabs, center_scale_shift: [&[F]; 3], relu: bool, out: &mut [F]) {
    (F::KERNELS.affine)(x, slabs, center_scale_shift, relu, out);
}

/// `out = grad · factor + (x - center) · slope + shift`, with four numbers for each slab; the `gate` is that of
/// [`gradient_sums`].
///
/// # Panics
/// If a length is not that of the slabs.
pub fn gradient<F: NormalizeElement>(
    grad_and_x: [&[F]; 2],
    slabs: Slabs,
    factor_center_slope_shift: [&[F]; 4],
    gate: Option<[&[F]; 2]>,
    out: &mut [F],
) {
    (F::KERNELS.gradient)(grad_and_x, slabs, factor_center_slope_shift, gate, out);
}

/// `out = (x - center) · scale · weight + bias` for each row of `weight.len()` elements, where `scale` is
/// 1 / √(mean of (x - center)² + eps); the center is the row's mean or, for RMS norm, not `centred`, zero. Both are
/// written down for each row.
///
/// # Panics
/// If the lengths do not fit each other.
///
/// # Example
/// ```
/// use jimu_kernels::normalize::rows;
/// let (mut out, mut center, mut scale) = ([0.0f32; 2], [0.0], [0.0]);
/// rows(&[1.0, 5.0], [&[1.0, 1.0], &[0.0, 10.0]], true, 0.0, [&mut center, &mut scale], &mut out);
/// assert_eq!((out, center, scale), ([-1.0, 11.0], [3.0], [0.5]));
/// ```
pub fn rows<F: NormalizeElement>(
    x: &[F],
    weight_and_bias: [&[F]; 2],
    centred: bool,
    eps: f64,
    center_and_scale: [&mut [F]; 2],
    out: &mut [F],
) {
    (F::KERNELS.rows)(x, weight_and_bias, centred, eps, center_and_scale, out);
}

/// The gradient of the input of [`rows`]: with u = grad · weight and x̂ = (x - center) · scale,
/// `out = scale · (u - mean(u) - x̂ · mean(u · x̂))`, without mean(u) where the row was not `centred`.
///
/// # Panics
/// If the lengths do not fit each other.
pub fn row_gradients<F: NormalizeElement>(
    grad_and_x: [&[F]; 2],
    weight: &[F],
    centred: bool,
    center_and_scale: [&[F]; 2],
    out: &mut [F],
) {
    (F::KERNELS.row_gradients)(grad_and_x, weight, centred, center_and_scale, out);
}

/// The gradients of the weight and the bias of [`rows`]: over all rows, the sums of `grad · (x - center) · scale` and of
/// `grad`.
///
/// # Panics
/// If the lengths do not fit each other.
pub fn row_weight_gradients<F: NormalizeElement>(
    grad_and_x: [&[F]; 2],
    center_and_scale: [&[F]; 2],
    of_weight: &mut [F],
    of_bias: &mut [F],
) {
    (F::KERNELS.row_weight_gradients)(grad_and_x, center_and_scale, of_weight, of_bias);
}

const LANES: usize = 16;

/// Adds up the lanes, halves at a time.
#[inline(always)]
fn add_lanes<F: Elementary>(mut lanes: [F; LANES]) -> F {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = lanes[lane] + lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Σ f(a).
#[inline(always)]
fn total<F: Elementary>(a: &[F], f: impl Fn(F) -> F) -> F {
    let mut lanes = [F::of(0.0); LANES];
    let (blocks, rest) = a.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &a) in lanes.iter_mut().zip(block) {
            *lane = *lane + f(a);
        }
    }
    for (lane, &a) in lanes.iter_mut().zip(rest) {
        *lane = *lane + f(a);
    }
    add_lanes(lanes)
}

/// Σ of both of f(a, b).
#[inline(always)]
fn totals<F: Elementary>(a: &[F], b: &[F], f: impl Fn(F, F) -> [F; 2]) -> [F; 2] {
    let mut lanes = [[F::of(0.0); LANES]; 2];
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            let [first, second] = f(a[lane], b[lane]);
            lanes[0][lane] = lanes[0][lane] + first;
            lanes[1][lane] = lanes[1][lane] + second;
        }
    }
    for (lane, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
        let [first, second] = f(a, b);
        lanes[0][lane] = lanes[0][lane] + first;
        lanes[1][lane] = lanes[1][lane] + second;
    }
    lanes.map(add_lanes)
}

/// The mean of `a` and the sum of the squared distances from it.
#[inline(always)]
fn moments_of<F: Elementary>(a: &[F]) -> [F; 2] {
    let sum = total(
        a,
        #[inline(always)]
        |a| a,
    );
    let mean = sum / F::of(a.len() as f64);
    let squares = total(
        a,
        #[inline(always)]
        |a| (a - mean) * (a - mean),
    );
    [mean, squares]
}

#[cfg(test)]
mod tests;
