//! Convolution of `[N, H, W, C]`, the channels innermost, straight from the images: nothing is unrolled.
//!
//! # Forward and gradient of the input (`pass.rs`)
//! Both are passes ([`Pass`](super::pass::Pass)). A target pixel's vectors of channels are the sum, over taps and source channels, of
//! a number of the source times a row of weights, which `../product.rs` computes for some pixels of a row at a time. Where
//! the taps of a row are neighbours, so are their channels in memory, and the row of the kernel is one segment. A task owns
//! some target rows of an image. It
//! 1. copies the source rows that it needs with their padding as zeros (skipped where no window leaves the image);
//! 2. for each block of target channels and target row multiplies, and applies the activation.
//!
//! # Gradient of the weight (`weight.rs`)
//! For each row of the kernel, sums over output pixels a number of `x` times a row of `grad_y`.

mod pass;
mod weight;

pub(super) use pass::{backward_input, forward};
pub(super) use weight::backward_weight;

use super::Lanes;
use crate::buffer::Buffer;

/// Some rows of an image with what surrounds them: `[row][column][channel]`, zeros outside the image.
pub(super) fn surrounded<T: Lanes>(
    image: &[T],
    size: [usize; 2],
    channels: usize,
    first: [isize; 2],
    panel: [usize; 2],
) -> Buffer<T> {
    let [height, width] = size;
    let mut copy = Buffer::unspecified(panel[0] * panel[1] * channels);
    let before = (-first[1]).clamp(0, panel[1] as isize) as usize;
    let start = first[1].max(0) as usize;
    let inside = width.saturating_sub(start).min(panel[1] - before);
    for (index, to) in copy.chunks_exact_mut((panel[1] * channels).max(1)).enumerate() {
        let row = first[0] + index as isize;
        if row < 0 || row >= height as isize {
            to.fill(T::ZERO);
            continue;
        }
        let (left, rest) = to.split_at_mut(before * channels);
        let (middle, right) = rest.split_at_mut(inside * channels);
        left.fill(T::ZERO);
        middle.copy_from_slice(&image[(row as usize * width + start) * channels..][..inside * channels]);
        right.fill(T::ZERO);
    }
    copy
}
