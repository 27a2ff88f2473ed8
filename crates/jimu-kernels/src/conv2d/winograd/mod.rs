//! Winograd's minimal filtering for kernels of 3x3 with stride 1, channels innermost (Lavin and Gray, *Fast Algorithms for
//! Convolutional Neural Networks*, 2015).
//!
//! A tile of `m x m` outputs of one channel needs `9 m²` products by the definition. Transformed, it needs `(m + 2)²`:
//! 4 instead of 9 products for each output with m = 2, 2.25 with m = 4.
//!
//! ```text
//! y tile = Aᵀ [ sum over c of (G w Gᵀ) * (Bᵀ x B) ] A       * is element by element
//! ```
//!
//! For each of the `(m + 2)²` elements the sum over channels is a product of matrices. All transforms work on vectors of
//! channels.
//!
//! # Forward and gradient of the input (`pass.rs`)
//! The gradient of the input is a convolution with the filters turned by 180 degrees. The weights are transformed once, into
//! the order in which `../product.rs` reads them. A task owns some tiles and some target channels. It
//! 1. transforms its source tiles, `[element][tile][source channel]`;
//! 2. for each block of target channels multiplies, `[element][tile][target channel]`, a block small enough to stay in
//!    the cache; the weights of the next are asked for meanwhile, as those of many channels lie beyond it;
//! 3. transforms back, adds bias, applies the activation and stores.
//!
//! # Gradient of the weight (`weight.rs`)
//! `grad w = Gᵀ [ sum over tiles of (A grad_y Aᵀ) * (Bᵀ x B) ] G`, in chunks of tiles whose transforms fit the last cache:
//! see there.
//!
//! | transform | when |
//! |---|---|
//! | m = 4 | [`fills_large_tiles`]: it takes fewer products |
//! | m = 2 | otherwise: outputs of 1 or 2 pixels in a direction |

mod pass;
mod tiles;
mod transform;
mod transformed;
mod weight;

use super::{Activation, ConvElement, Geometry};
use transform::{F2, F4};

/// Whether tiles of 4x4 outputs take fewer products than tiles of 2x2 for this many outputs.
pub(super) fn fills_large_tiles([height, width]: [usize; 2]) -> bool {
    let products = |m: usize| height.div_ceil(m) * width.div_ceil(m) * (m + 2) * (m + 2);
    products(4) <= products(2)
}

pub(super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    match fills_large_tiles(geometry.output()) {
        true => pass::forward::<T, F4>(geometry, x, weight, bias, activation, y),
        false => pass::forward::<T, F2>(geometry, x, weight, bias, activation, y),
    }
}

pub(super) fn backward_input<T: ConvElement>(geometry: &Geometry, grad_y: &[T], weight: &[T], grad_x: &mut [T]) {
    match fills_large_tiles(geometry.input) {
        true => pass::backward_input::<T, F4>(geometry, grad_y, weight, grad_x),
        false => pass::backward_input::<T, F2>(geometry, grad_y, weight, grad_x),
    }
}

pub(super) fn backward_weight<T: ConvElement>(geometry: &Geometry, x: &[T], grad_y: &[T], grad_weight: &mut [T]) {
    match fills_large_tiles(geometry.output()) {
        true => weight::backward_weight::<T, F4>(geometry, x, grad_y, grad_weight),
        false => weight::backward_weight::<T, F2>(geometry, x, grad_y, grad_weight),
    }
}
