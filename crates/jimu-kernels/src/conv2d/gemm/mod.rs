//! Convolution of `[N, C, H, W]` as a matrix product: weights `[O, C kh kw]` times patches `[C kh kw, pixels]`, without
//! ever writing the patches of more than a few rows of output.
//!
//! # Forward and gradient of the input (`product.rs`)
//! Both are passes ([`Pass`]) in which every target pixel sums taps at fixed distances in the source. The forward
//! pass is one; the gradient of the input is one for each phase of the stride (the input pixels that meet the same
//! taps), so no product with an inserted zero is ever computed and nothing is scattered. A task owns some rows of an
//! image, or some small images, and for each chunk of source channels
//! 1. copies the source under its window with its padding as zeros (skipped where no window leaves the image);
//! 2. packs patches straight into the order the inner loop reads, `[tile of V vectors of pixels][channel, tap][V]`:
//!    the panel takes the place of both the patch matrix and a matrix product's packed copy of it, and stays in the
//!    second-level cache. A 1x1 kernel is packed from the image itself;
//! 3. for each block of `O` target channels (packed weights, first-level cache) and tile, runs the register kernel of
//!    `O x V` sums, and in the last chunk adds bias and activation.
//!
//! # Gradient of the weight (`weight.rs`)
//! Sums over pixels of `grad_y` times shifted `x`, a SIMD lane per pixel, with the kernel in `../outer.rs` that the batch
//! innermost path uses with a lane per image.

mod product;
mod weight;

use super::pass::Pass;
use super::{Activation, ConvElement, Geometry};

pub(super) use weight::backward_weight;

pub(super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let pass = Pass::forward(geometry);
    let (inputs, kernel_len) = (pass.sources, geometry.kernel[0] * geometry.kernel[1]);
    let weights =
        product::pack_weights(&pass, |target, source, tap| weight[(target * inputs + source) * kernel_len + tap]);
    product::run(&pass, x, &weights, bias, activation, y);
}

pub(super) fn backward_input<T: ConvElement>(geometry: &Geometry, grad_y: &[T], weight: &[T], grad_x: &mut [T]) {
    let (inputs, outputs) = (geometry.group_inputs(), geometry.group_outputs());
    let kernel_len = geometry.kernel[0] * geometry.kernel[1];
    for pass in Pass::backward(geometry) {
        let weights = product::pack_weights(&pass, |target, source, tap| {
            let output = target / inputs * outputs + source;
            weight[(output * inputs + target % inputs) * kernel_len + tap]
        });
        product::run(&pass, grad_y, &weights, None, Activation::Identity, grad_x);
    }
}
