//! `BatchNorm2d`.

use super::field::{Buffer, Label, Mode, Parameter};
use super::{Forward, Module};
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// Normalises each channel over batch, height and width, then scales and shifts it:
/// [`torch.nn.BatchNorm2d`](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html) (Ioffe and Szegedy,
/// *Batch Normalization*, 2015).
///
/// y = (x - mean) / √(variance + eps) · weight + bias. In training the batch's own mean and (biased) variance are used,
/// and the running ones follow: running = (1 - momentum)·running + momentum·batch, with the unbiased variance. In use
/// the running ones are used.
///
/// # Args
/// - `num_features`: channels.
/// - [`eps`](Self::eps): by default 1e-5.
/// - [`momentum`](Self::momentum): by default 0.1; `None` averages over all batches.
/// - [`affine`](Self::affine): whether there are `weight` and `bias`, by default yes.
/// - [`track_running_stats`](Self::track_running_stats): by default yes; without, the batch's own are always used.
///
/// # Shape
/// - Input: (n, num_features, h, w); output: the same.
///
/// # Attributes
/// - `weight`: (num_features), ones; `bias`: (num_features), zeros.
/// - `running_mean`: zeros; `running_var`: ones; `num_batches_tracked`: 0.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{BatchNorm2d, Forward}};
/// let y = BatchNorm2d::new(3).forward(&Tensor::randn([8, 3, 4, 4]));
/// assert!(y.mean().item().abs() < 1e-5);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct BatchNorm2d {
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
    training: Mode,
    label: Label,
}

impl BatchNorm2d {
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
            training: Mode::default(),
            label: Label::default(),
        }
        .affine(true)
        .track_running_stats(true)
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
        self.weight = on.then(|| Parameter::new(Tensor::ones([self.num_features])));
        self.bias = on.then(|| Parameter::new(Tensor::zeros([self.num_features])));
        self
    }

    /// With running statistics, or without.
    pub fn track_running_stats(mut self, on: bool) -> Self {
        self.running_mean = on.then(|| Buffer::new(Tensor::zeros([self.num_features])));
        self.running_var = on.then(|| Buffer::new(Tensor::ones([self.num_features])));
        self.num_batches_tracked = on.then(|| Buffer::new(Tensor::zeros_of([0usize; 0], DType::I64)));
        self
    }

    fn extra_repr(&self) -> String {
        let word = |on: bool| if on { "True" } else { "False" };
        let momentum = self.momentum.map_or("None".to_owned(), |momentum| momentum.to_string());
        let (affine, running) = (word(self.weight.is_some()), word(self.running_mean.is_some()));
        let features = self.num_features;
        format!("{features}, eps={:e}, momentum={momentum}, affine={affine}, track_running_stats={running}", self.eps)
            .replace("eps=1e-5", "eps=1e-05")
    }

    fn check(&self, x: &Tensor) -> Result<(), ShapeError> {
        let (shape, channels) = (x.shape(), self.num_features);
        if shape.len() != 4 || shape[1] != channels {
            return Err(ShapeError::new(
                "BatchNorm2d",
                format!("the input must have the shape [batch, {channels}, height, width], but has {shape}"),
            )
            .help("num_features must be the channels of the layer before; a 3-d input needs a batch dimension (unsqueeze(0))"));
        }
        if self.uses_batch() && shape.numel() / channels.max(1) <= 1 {
            return Err(ShapeError::new(
                "BatchNorm2d",
                format!("in training more than one value for each channel is needed, but the input has shape {shape}"),
            )
            .help("use a larger batch, or call eval()"));
        }
        Ok(())
    }

    fn uses_batch(&self) -> bool {
        self.training.is_training() || self.running_mean.is_none()
    }

    /// Moves the running statistics towards those of a batch with `count` values for each channel.
    fn track(&self, mean: &Tensor, variance: &Tensor, count: usize) {
        let (Some(running_mean), Some(running_var), Some(batches)) =
            (&self.running_mean, &self.running_var, &self.num_batches_tracked)
        else {
            return;
        };
        no_grad(|| {
            batches.add_(1);
            let momentum = self.momentum.unwrap_or_else(|| 1.0 / batches.item());
            let unbiased = variance.detach() * (count as f64 / (count as f64 - 1.0));
            for (running, batch) in [(running_mean, mean.detach()), (running_var, unbiased)] {
                running.mul_(1.0 - momentum);
                running.add_(batch.reshape([-1]) * momentum);
            }
        });
    }
}

impl Forward for BatchNorm2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.check(x).map_err(|error| error.told_by(self.label.describe("BatchNorm2d"))).or_raise();
        let along_channels = |x: &Tensor| x.reshape([1, -1, 1, 1]);
        let (mean, variance) = match (self.uses_batch(), &self.running_mean, &self.running_var) {
            (false, Some(mean), Some(variance)) => (along_channels(mean), along_channels(variance)),
            _ => {
                let mean = x.mean_dim([0, 2, 3], true);
                let centred = x - &mean;
                (mean, (&centred * &centred).mean_dim([0, 2, 3], true))
            }
        };
        if self.training.is_training() && !x.is_meta() {
            self.track(&mean, &variance, x.numel() / self.num_features);
        }
        let scale = (variance + self.eps).rsqrt();
        let y = (x - mean)
            * match &self.weight {
                Some(weight) => scale * along_channels(weight),
                None => scale,
            };
        match &self.bias {
            Some(bias) => y + along_channels(bias),
            None => y,
        }
    }
}
