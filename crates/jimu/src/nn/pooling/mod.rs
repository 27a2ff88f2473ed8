//! Pooling.

mod adaptive_avg_pool1d;
mod adaptive_avg_pool2d;
mod adaptive_max_pool1d;
mod adaptive_max_pool2d;
mod avg_pool1d;
mod avg_pool2d;
mod lp_pool1d;
mod lp_pool2d;
mod max_pool1d;
mod max_pool2d;
mod max_unpool1d;
mod max_unpool2d;

pub use adaptive_avg_pool1d::AdaptiveAvgPool1d;
pub use adaptive_avg_pool2d::AdaptiveAvgPool2d;
pub use adaptive_max_pool1d::AdaptiveMaxPool1d;
pub use adaptive_max_pool2d::AdaptiveMaxPool2d;
pub use avg_pool1d::AvgPool1d;
pub use avg_pool2d::AvgPool2d;
pub use lp_pool1d::LPPool1d;
pub use lp_pool2d::LPPool2d;
pub use max_pool1d::MaxPool1d;
pub use max_pool2d::MaxPool2d;
pub use max_unpool1d::MaxUnpool1d;
pub use max_unpool2d::MaxUnpool2d;

use super::Pair;
use crate::error::ShapeError;
use crate::ops::nn::adaptive_pool::OutputSize;
use crate::ops::nn::images::Images;
use crate::ops::nn::pair::Extent;
use crate::tensor::Tensor;

/// A pair as it was most likely written: one number if both are equal.
fn shown(Pair([height, width]): Pair) -> String {
    if height == width { height.to_string() } else { format!("({height}, {width})") }
}

/// The size of the result of adaptive pooling, as printed.
fn shown_output(OutputSize(sizes): OutputSize) -> String {
    let [height, width] = sizes.map(|size| size.map_or_else(|| "None".to_owned(), |size| size.to_string()));
    if height == width { height } else { format!("({height}, {width})") }
}

/// The size of an unpooled tensor: the smallest that pooling takes to that of `x`, or the one asked for, less than a
/// stride away.
fn unpooled_size<S: Extent>(x: &Tensor, [kernel, stride, padding]: [S; 3], wanted: Option<S>) -> Result<S, ShapeError> {
    let name = "MaxUnpool";
    let input = Images::of::<S>(x, name)?.images;
    let [kernel, stride] = [kernel, stride].map(|size| size.height_and_width(1));
    let padding = padding.height_and_width(0);
    let usual = [0, 1].map(|axis| {
        (input.shape()[2 + axis].saturating_sub(1) * stride[axis] + kernel[axis]).saturating_sub(2 * padding[axis])
    });
    let Some(wanted) = wanted else {
        return Ok(S::of_last(&usual));
    };
    let sizes = wanted.height_and_width(usual[0]);
    if (0..2).any(|axis| sizes[axis] + stride[axis] <= usual[axis] || sizes[axis] >= usual[axis] + stride[axis]) {
        let low = S::of_last(&[0, 1].map(|axis| (usual[axis] + 1).saturating_sub(stride[axis]))).shown();
        let high = S::of_last(&[0, 1].map(|axis| (usual[axis] + stride[axis]).saturating_sub(1))).shown();
        let problem = format!("the output cannot have the size {}, only from {low} to {high}", wanted.shown());
        return Err(ShapeError::new(name, problem).help("ask for the size that was pooled"));
    }
    Ok(wanted)
}
