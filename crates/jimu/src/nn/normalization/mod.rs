//! Normalisation.

mod batch_norm1d;
mod batch_norm2d;
mod group_norm;
mod instance_norm1d;
mod instance_norm2d;
mod layer_norm;
mod local_response_norm;
mod rms_norm;
mod running;

pub use batch_norm1d::BatchNorm1d;
pub use batch_norm2d::BatchNorm2d;
pub use group_norm::GroupNorm;
pub use instance_norm1d::InstanceNorm1d;
pub use instance_norm2d::InstanceNorm2d;
pub use layer_norm::LayerNorm;
pub use local_response_norm::LocalResponseNorm;
pub use rms_norm::RMSNorm;

use running::{Normalization, running_norm};

use super::field::Parameter;
use crate::error::ShapeError;
use crate::tensor::{Shape, Tensor};

/// A weight of ones, unless the layer is not `affine`, and a bias of zeros, unless it has none.
fn numbers(affine: bool, with_bias: bool, shape: impl Into<Shape>) -> (Option<Parameter>, Option<Parameter>) {
    let shape = shape.into();
    (
        affine.then(|| Parameter::new(Tensor::ones(&shape))),
        (affine && with_bias).then(|| Parameter::new(Tensor::zeros(&shape))),
    )
}

/// That an affine layer has no bias, as printed.
fn shown_bias(weight: Option<&Parameter>, bias: Option<&Parameter>) -> &'static str {
    if weight.is_some() && bias.is_none() { ", bias=False" } else { "" }
}

/// Refuses an input whose channels are not those of the layer; `sizes` are the shapes it takes, with the channels in
/// their place.
fn check_channels(x: &Tensor, channel_dim: usize, features: usize, sizes: &str, help: &str) -> Result<(), ShapeError> {
    match x.shape().get(channel_dim) {
        Some(&channels) if channels == features => Ok(()),
        _ => Err(wrong_shape(x, sizes, help)),
    }
}

fn wrong_shape(x: &Tensor, sizes: &str, help: &str) -> ShapeError {
    let problem = format!("the input must have the shape {sizes}, but has {}", x.shape());
    ShapeError::new("normalization", problem).help(help)
}

/// Sizes as Python prints a tuple of them.
fn tuple(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    match sizes.as_slice() {
        [one] => format!("({one},)"),
        sizes => format!("({})", sizes.join(", ")),
    }
}
