//! What batch and instance norm share: numbers for each channel, and statistics that run along.

use super::super::field::Buffer;
use super::{check_channels, wrong_shape};
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::ShapeError;
use crate::ops::nn::batch_norm::{BatchNormOptions, try_batch_norm};
use crate::ops::nn::instance_norm::{InstanceNormOptions, try_instance_norm};
use crate::tensor::Tensor;

/// A layer with a weight, a bias and running statistics for each channel, its builders, and `forward` by its `try_forward`.
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
                    super::running::statistics(on, self.num_features);
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

            fn normalization(&self) -> Normalization<'_> {
                Normalization {
                    channels: self.num_features,
                    weight: self.weight.as_deref(),
                    bias: self.bias.as_deref(),
                    running_mean: self.running_mean.as_deref(),
                    running_var: self.running_var.as_deref(),
                    num_batches_tracked: self.num_batches_tracked.as_deref(),
                    training: self.training.is_training(),
                    momentum: self.momentum,
                    eps: self.eps,
                }
            }
        }

        impl $layer {
            #[track_caller]
            fn rectified(&self, x: &Tensor, relu: bool) -> Tensor {
                if relu && x.is_meta() {
                    // What merely traces the shapes sees both.
                    return self.rectified(x, false).relu();
                }
                let _scope = self.label.enter();
                let described = |error: ShapeError| error.told_by(self.label.describe(stringify!($layer)));
                self.try_forward(x, relu).map_err(described).or_raise()
            }
        }

        impl Forward for $layer {
            #[track_caller]
            fn forward(&self, x: &Tensor) -> Tensor {
                self.rectified(x, false)
            }

            #[track_caller]
            fn forward_relu(&self, x: &Tensor) -> Tensor {
                self.rectified(x, true)
            }
        }
    };
}

pub(super) use running_norm;

/// The mean, the variance and the number of batches before the first, or none of them.
pub(super) fn statistics(on: bool, features: usize) -> (Option<Buffer>, Option<Buffer>, Option<Buffer>) {
    (
        on.then(|| Buffer::new(Tensor::zeros([features]))),
        on.then(|| Buffer::new(Tensor::ones([features]))),
        on.then(|| Buffer::new(Tensor::zeros_of([0usize; 0], DType::I64))),
    )
}

/// What a layer normalises with.
pub(super) struct Normalization<'a> {
    pub(super) channels: usize,
    pub(super) weight: Option<&'a Tensor>,
    pub(super) bias: Option<&'a Tensor>,
    pub(super) running_mean: Option<&'a Tensor>,
    pub(super) running_var: Option<&'a Tensor>,
    pub(super) num_batches_tracked: Option<&'a Tensor>,
    pub(super) training: bool,
    pub(super) momentum: Option<f64>,
    pub(super) eps: f64,
}

impl Normalization<'_> {
    /// Each channel, dimension 1, over all other dimensions, with a ReLU behind it if `relu`. The running statistics follow in
    /// training.
    pub(super) fn over_batch(&self, x: &Tensor, relu: bool) -> Result<Tensor, ShapeError> {
        let follows = self.training && self.num_batches_tracked.is_some() && !x.is_meta();
        let seen = || self.num_batches_tracked.map_or(0.0, Tensor::item) + 1.0;
        let options = BatchNormOptions {
            running_mean: self.running_mean,
            running_var: self.running_var,
            weight: self.weight,
            bias: self.bias,
            training: self.training || self.running_mean.is_none(),
            momentum: self.momentum.unwrap_or_else(|| if follows { 1.0 / seen() } else { 0.0 }),
            eps: self.eps,
        };
        let y = try_batch_norm(x, &options, relu)?;
        if let Some(batches) = self.num_batches_tracked.filter(|_| follows) {
            no_grad(|| batches.add_(1));
        }
        Ok(y)
    }

    /// Each channel of each sample, or of one sample without a batch, over the dimensions named, the last ones. With a ReLU
    /// behind it if `relu`.
    pub(super) fn over_instances(&self, x: &Tensor, relu: bool, dimensions: &[&str]) -> Result<Tensor, ShapeError> {
        let channels = self.channels;
        let named = dimensions.join(", ");
        let sizes = format!("[batch, {channels}, {named}] or [{channels}, {named}]");
        let help = "num_features must be the channels of the layer before";
        let channel_dim = match x.dim().checked_sub(dimensions.len()) {
            Some(before @ 1..=2) => before - 1,
            _ => return Err(wrong_shape(x, &sizes, help)),
        };
        // Without numbers for each channel any number of them will do, as in PyTorch.
        if self.weight.is_some() || self.running_mean.is_some() {
            check_channels(x, channel_dim, channels, &sizes, help)?;
        }
        let options = InstanceNormOptions {
            running_mean: self.running_mean,
            running_var: self.running_var,
            weight: self.weight,
            bias: self.bias,
            use_input_stats: self.training || self.running_mean.is_none(),
            momentum: self.momentum.unwrap_or(0.0),
            eps: self.eps,
        };
        match channel_dim {
            0 => Ok(try_instance_norm(&x.unsqueeze(0), &options, relu)?.squeeze_dim(0)),
            _ => try_instance_norm(x, &options, relu),
        }
    }
}
