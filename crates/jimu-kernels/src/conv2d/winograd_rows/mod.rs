//! Winograd's minimal filtering along the rows, batch innermost: `[C, H, W, N]`, one SIMD lane per image.
//!
//! A tile of `m` neighbouring outputs of a row, each with `r` taps in a row, is a product of polynomials. By the
//! definition it takes `m r` products; from the values at `m + r - 1` points it takes as many as there are points. Down the
//! columns the sum is the definition's, so that it stays in registers over all channels and rows of taps, and the transforms
//! are along one axis: they cost little beside the sum, and a few roundings.
//!
//! ```text
//! y tile        = Aᵀ [ sum over input channels and rows of taps of (G w) * (Bᵀ x) ]      * is point by point
//! grad x tile   = B  [ sum over output channels and rows of taps of (G w) * (A grad y) ], overlapping tiles added
//! grad w        = Gᵀ [ sum over images, rows and tiles of (A grad y) * (Bᵀ x) ]
//! ```
//!
//! | points | taps 5 | taps 3 |
//! |---|---|---|
//! | 8: 0, ±1, ±2, ±1/2, infinity | 4 outputs: 8 products for 20 | 6 outputs: 8 for 18 |
//! | 6: 0, ±1, ±2, infinity | 2 outputs: 6 for 10 | 4 outputs: 6 for 12 |
//!
//! A row is cut into a strip of tiles of 8 points and a strip of 6, with the fewest products (`tiles.rs`). The rounding
//! errors are some 2.5 times the definition's (`rule.rs` has the transforms; those of 9 points and more are 6 times and
//! worse).
//!
//! # Forward and gradient of the input (`pass.rs`)
//! Both sum source rows into target rows, and differ in the transforms before and behind. A task owns up to two vectors of
//! images and some target rows. It
//! 1. transforms its source rows straight from the tensor, `[point][row][channel][tile][vector]`;
//! 2. for each target row, up to four vectors of tiles and images, up to six target channels and each point sums all terms
//!    in registers (`../../product.rs`), weights as broadcasts;
//! 3. transforms back, adds bias, applies the activation and stores; or adds the overlapping tiles to a line of the input's
//!    gradient and stores it when the row is done. Where only the greatest of each window of 2x2 is wanted (`../windows.rs`), two
//!    rows are stored in a buffer of the task, and from there pooled.
//!
//! Forward sums of few terms are left to the direct kernel: they would take longer to begin and to end.
//!
//! # Gradient of the weight (`weight.rs`)
//! Outer products at each point: see there. Where they are few, they are left to the direct kernel too.

mod images;
mod pass;
mod rule;
mod tiles;
mod weight;
mod weights;

use super::{ConvElement, Geometry, batch_innermost};

pub(super) use pass::{backward_input, forward};
pub(super) use weight::backward_weight;

/// Whether the output is computed by the direct kernel: at 9 terms of a sum at a point that is 8 % faster.
pub(super) fn sums_are_short(geometry: &Geometry) -> bool {
    geometry.in_channels * geometry.kernel[0] < 10
}

/// Whether the weight's gradient is, too: a transformed line that takes part in as few products makes it a third slower.
pub(super) fn slides<T: ConvElement>(geometry: &Geometry) -> bool {
    sums_are_short(geometry) && batch_innermost::slides::<T>(geometry)
}

/// Products of a row of `width` outputs.
pub(super) fn products(width: usize, taps: usize) -> usize {
    tiles::products(&tiles::cut(width, taps))
}
