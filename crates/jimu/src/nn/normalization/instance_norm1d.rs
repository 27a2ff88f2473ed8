//! `InstanceNorm1d`.

use super::super::builders::{python, python_float};
use super::super::field::{Buffer, Label, Mode, Parameter};
use super::super::{Forward, Module};
use super::{check_channels, running_norm, wrong_shape};
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::instance_norm::{InstanceNormOptions, try_instance_norm};
use crate::tensor::Tensor;

running_norm! {
    /// Normalises each channel of each sample by itself:
    /// [`torch.nn.InstanceNorm1d`](https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html) (Ulyanov,
    /// Vedaldi and Lempitsky, *Instance Normalization*, 2016).
    ///
    /// y = (x - mean) / √(variance + eps) · weight + bias, with the mean and (biased) variance of one channel of one
    /// sample, in training and in use, unless there are running statistics, which stand in for them in use.
    ///
    /// # Args
    /// - `num_features`: channels.
    /// - [`eps`](Self::eps): by default 1e-5.
    /// - [`momentum`](Self::momentum): by default 0.1.
    /// - [`affine`](Self::affine): whether there are `weight` and `bias`, by default no.
    /// - [`bias`](Self::bias): whether, of the two, there is `bias`, by default yes.
    /// - [`track_running_stats`](Self::track_running_stats): by default no.
    ///
    /// # Shape
    /// - Input: (n, num_features, l) or (num_features, l); output: the same.
    ///
    /// # Attributes
    /// - `weight`: (num_features), ones; `bias`: (num_features), zeros.
    /// - `running_mean`: zeros; `running_var`: ones; `num_batches_tracked`: 0, as in PyTorch always.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, InstanceNorm1d}};
    /// let y = InstanceNorm1d::new(3).forward(&Tensor::randn([2, 3, 20]));
    /// assert!(y.index(1).select(0, 2).mean().item().abs() < 1e-5);
    /// ```
    InstanceNorm1d, false, false
}

impl InstanceNorm1d {
    fn try_forward(&self, x: &Tensor) -> Result<Tensor, ShapeError> {
        if x.dim() == 2 {
            return Ok(self.normalized(&x.unsqueeze(0), x)?.squeeze_dim(0));
        }
        self.normalized(x, x)
    }

    /// A batch normalised; messages are about the input as it was `given`.
    fn normalized(&self, x: &Tensor, given: &Tensor) -> Result<Tensor, ShapeError> {
        let channels = self.num_features;
        let sizes = format!("[batch, {channels}, length] or [{channels}, length]");
        let help = "num_features must be the channels of the layer before";
        if x.dim() != 2 + 1 {
            return Err(wrong_shape(given, &sizes, help));
        }
        // Without numbers for each channel any number of them will do, as in PyTorch.
        if self.weight.is_some() || self.running_mean.is_some() {
            check_channels(given, given.dim() - 2, channels, &sizes, help)?;
        }
        try_instance_norm(
            x,
            &InstanceNormOptions {
                running_mean: self.running_mean.as_deref(),
                running_var: self.running_var.as_deref(),
                weight: self.weight.as_deref(),
                bias: self.bias.as_deref(),
                use_input_stats: self.training.is_training() || self.running_mean.is_none(),
                momentum: self.momentum.unwrap_or(0.0),
                eps: self.eps,
            },
        )
    }
}

impl Forward for InstanceNorm1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.try_forward(x).map_err(|error| error.told_by(self.label.describe("InstanceNorm1d"))).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "InstanceNorm1d: the input must have the shape [batch, 4, length] or [4, length], but has [2, 4, 5, 6]"
    )]
    fn refusal() {
        InstanceNorm1d::new(4).forward(&Tensor::zeros([2, 4, 5, 6]));
    }

    #[test]
    fn channels_are_checked_where_they_matter() {
        let x = Tensor::randn([2, 3, 20]);
        assert_eq!(InstanceNorm1d::new(7).forward(&x).size(), [2, 3, 20]);
        let affine = InstanceNorm1d::new(7).affine(true);
        assert!(affine.try_forward(&x).unwrap_err().to_string().contains("[7, "));
    }
}
