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

pub use rows::{row_gradients, row_weight_gradients, rows};
pub use slabs::{Slabs, affine, gradient, gradient_sums, moments};

use crate::math::Elementary;

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
