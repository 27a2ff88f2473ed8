//! `BatchNorm1d`.

use super::super::builders::{python, python_float};
use super::super::field::{Buffer, Label, Mode, Parameter};
use super::super::{Forward, Module};
use super::{Normalization, check_channels, running_norm, wrong_shape};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

running_norm! {
    /// Normalises each channel over the batch and, if there is one, the length, then scales and shifts it:
    /// [`torch.nn.BatchNorm1d`](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html) (Ioffe and
    /// Szegedy, *Batch Normalization*, 2015).
    ///
    /// y = (x - mean) / √(variance + eps) · weight + bias. In training the batch's own mean and (biased) variance are
    /// used, and the running ones follow: running = (1 - momentum)·running + momentum·batch, with the unbiased variance.
    /// In use the running ones are used.
    ///
    /// # Args
    /// - `num_features`: channels.
    /// - [`eps`](Self::eps): by default 1e-5.
    /// - [`momentum`](Self::momentum): by default 0.1; `None` averages over all batches.
    /// - [`affine`](Self::affine): whether there are `weight` and `bias`, by default yes.
    /// - [`bias`](Self::bias): whether, of the two, there is `bias`, by default yes.
    /// - [`track_running_stats`](Self::track_running_stats): by default yes; without, the batch's own are always used.
    ///
    /// # Shape
    /// - Input: (n, num_features) or (n, num_features, l); output: the same.
    ///
    /// # Attributes
    /// - `weight`: (num_features), ones; `bias`: (num_features), zeros.
    /// - `running_mean`: zeros; `running_var`: ones; `num_batches_tracked`: 0.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{BatchNorm1d, Forward}};
    /// let y = BatchNorm1d::new(3).forward(&Tensor::randn([8, 3]));
    /// assert!(y.mean().item().abs() < 1e-5);
    /// assert_eq!(BatchNorm1d::new(3).forward(&Tensor::randn([8, 3, 20])).size(), [8, 3, 20]);
    /// ```
    BatchNorm1d, true, true
}

impl BatchNorm1d {
    fn try_forward(&self, x: &Tensor, relu: bool) -> Result<Tensor, ShapeError> {
        let channels = self.num_features;
        let sizes = format!("[batch, {channels}] or [batch, {channels}, length]");
        let help = "num_features must be the features of the layer before; a single sample needs a batch dimension (unsqueeze(0))";
        if !(2..=3).contains(&x.dim()) {
            return Err(wrong_shape(x, &sizes, help));
        }
        check_channels(x, 1, channels, &sizes, help)?;
        self.normalization().over_batch(x, relu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Module)]
    struct Net {
        bn1: BatchNorm1d,
    }

    #[test]
    #[should_panic(
        expected = "Net.bn1 (BatchNorm1d): the input must have the shape [batch, 4] or [batch, 4, length], but has [3, 8]"
    )]
    fn the_error_names_the_layer() {
        let net = Net { bn1: BatchNorm1d::new(4) };
        net.train();
        net.bn1.forward(&Tensor::zeros([3, 8]));
    }

    #[test]
    #[should_panic(expected = "BatchNorm1d: in training more than one value for each channel is needed")]
    fn one_value_has_no_variance() {
        BatchNorm1d::new(4).forward(&Tensor::zeros([1, 4]));
    }

    #[test]
    fn printed_as_in_pytorch() {
        let layer = BatchNorm1d::new(3).eps(1e-3).momentum(None).bias(false);
        let expected = "BatchNorm1d(3, eps=0.001, momentum=None, affine=True, bias=False, track_running_stats=True)";
        assert_eq!(layer.to_string(), expected);
        assert_eq!(layer.affine(false).parameters().len(), 0);
    }
}
