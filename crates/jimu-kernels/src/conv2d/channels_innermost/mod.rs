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
//! # Forward from plain images (`planes.rs`)
//! Where columns have no stride, the numbers of `[N, C, H, W]` that a tap gives to neighbouring pixels are neighbours: one place
//! serves up to 12 of them, for a vector of output channels, and no image is moved. A task owns some rows of an image.
//!
//! # Gradient of the weight (`weight.rs`)
//! For each row of the kernel, sums over output pixels a number of `x` times a row of `grad_y`.

mod pass;
mod planes;
mod weight;

pub(super) use pass::{backward_input, forward};
pub(super) use planes::forward as forward_from_planes;
pub(super) use weight::backward_weight;

use super::Lanes;
use crate::buffer::Buffer;

/// Some rows of an image with what surrounds them: `[plane][row][column][number]`, zeros outside the image.
pub(super) fn surrounded<T: Lanes>(
    image: &[T],
    [planes, pixel]: [usize; 2],
    [height, width]: [usize; 2],
    first: [isize; 2],
    panel: [usize; 2],
) -> Buffer<T> {
    let mut copy = Buffer::unspecified(planes * panel[0] * panel[1] * pixel);
    let before = (-first[1]).clamp(0, panel[1] as isize) as usize;
    let start = first[1].max(0) as usize;
    let inside = width.saturating_sub(start).min(panel[1] - before);
    for (index, to) in copy.chunks_exact_mut((panel[1] * pixel).max(1)).enumerate() {
        let (plane, row) = (index / panel[0], first[0] + (index % panel[0]) as isize);
        if row < 0 || row >= height as isize {
            to.fill(T::ZERO);
            continue;
        }
        let (left, rest) = to.split_at_mut(before * pixel);
        let (middle, right) = rest.split_at_mut(inside * pixel);
        left.fill(T::ZERO);
        middle.copy_from_slice(&image[((plane * height + row as usize) * width + start) * pixel..][..inside * pixel]);
        right.fill(T::ZERO);
    }
    copy
}
