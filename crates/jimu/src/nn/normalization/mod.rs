//! Normalisation.

mod batch_norm1d;
mod batch_norm2d;
mod group_norm;
mod instance_norm1d;
mod instance_norm2d;
mod layer_norm;
mod local_response_norm;
mod rms_norm;

pub use batch_norm1d::BatchNorm1d;
pub use batch_norm2d::BatchNorm2d;
pub use group_norm::GroupNorm;
pub use instance_norm1d::InstanceNorm1d;
pub use instance_norm2d::InstanceNorm2d;
pub use layer_norm::LayerNorm;
pub use local_response_norm::LocalResponseNorm;
pub use rms_norm::RMSNorm;

use super::field::{Buffer, Parameter};
use crate::dtype::DType;
use crate::error::ShapeError;
use crate::tensor::{Shape, Tensor};

/// A layer with a weight, a bias and running statistics for each channel, and its builders: batch and instance norm.
macro_rules! running_norm {
    ($(#[$doc:meta])* $layer:ident, $affine:literal, $track:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Module)]
        #[module(extra_repr)]
        pub struct $layer {
            /// The scale of each channel.
            pub weight: Option<Parameter>,
            /// The shift of each channel.
            pub bias: Option<Parameter>,
            /// The mean used outside training.
            pub running_mean: Option<Buffer>,
            /// The variance used outside training.
            pub running_var: Option<Buffer>,
            /// The number of batches that the running statistics have seen.
            pub num_batches_tracked: Option<Buffer>,
            num_features: usize,
            eps: f64,
            #[module(skip)]
            momentum: Option<f64>,
            with_bias: bool,
            training: Mode,
            label: Label,
        }

        impl $layer {
            /// For `num_features` channels.
            pub fn new(num_features: usize) -> Self {
                Self {
                    weight: None,
                    bias: None,
                    running_mean: None,
                    running_var: None,
                    num_batches_tracked: None,
                    num_features,
                    eps: 1e-5,
                    momentum: Some(0.1),
                    with_bias: true,
                    training: Mode::default(),
                    label: Label::default(),
                }
                .affine($affine)
                .track_running_stats($track)
            }

            /// What is added to the variance.
            pub fn eps(mut self, eps: f64) -> Self {
                self.eps = eps;
                self
            }

            /// How far the running statistics move towards each batch's; `None` averages over all batches.
            pub fn momentum(mut self, momentum: impl Into<Option<f64>>) -> Self {
                self.momentum = momentum.into();
                self
            }

            /// With `weight` and `bias`, or without.
            pub fn affine(mut self, on: bool) -> Self {
                (self.weight, self.bias) = super::numbers(on, self.with_bias, self.num_features);
                self
            }

            /// With `bias`, or, of `weight` and `bias`, with `weight` alone.
            pub fn bias(mut self, on: bool) -> Self {
                self.with_bias = on;
                let affine = self.weight.is_some();
                self.affine(affine)
            }

            /// With running statistics, or without.
            pub fn track_running_stats(mut self, on: bool) -> Self {
                (self.running_mean, self.running_var, self.num_batches_tracked) =
                    super::running_statistics(on, self.num_features);
                self
            }

            fn extra_repr(&self) -> String {
                let momentum = self.momentum.map_or("None".to_owned(), python_float);
                format!(
                    "{}, eps={}, momentum={momentum}, affine={}{}, track_running_stats={}",
                    self.num_features,
                    python_float(self.eps),
                    python(self.weight.is_some()),
                    super::shown_bias(self.weight.as_ref(), self.bias.as_ref()),
                    python(self.running_mean.is_some())
                )
            }
        }
    };
}

use running_norm;

/// A weight of ones, unless the layer is not `affine`, and a bias of zeros, unless it has none.
fn numbers(affine: bool, with_bias: bool, shape: impl Into<Shape>) -> (Option<Parameter>, Option<Parameter>) {
    let shape = shape.into();
    (
        affine.then(|| Parameter::new(Tensor::ones(&shape))),
        (affine && with_bias).then(|| Parameter::new(Tensor::zeros(&shape))),
    )
}

fn running_statistics(on: bool, features: usize) -> (Option<Buffer>, Option<Buffer>, Option<Buffer>) {
    (
        on.then(|| Buffer::new(Tensor::zeros([features]))),
        on.then(|| Buffer::new(Tensor::ones([features]))),
        on.then(|| Buffer::new(Tensor::zeros_of([0usize; 0], DType::I64))),
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
