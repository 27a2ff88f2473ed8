//! `BatchNorm2d`.

use super::super::builders::{python, python_float};
use super::super::field::{Buffer, Label, Mode, Parameter};
use super::super::{Forward, Module};
use super::{Normalization, check_channels, running_norm, wrong_shape};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

running_norm! {
    /// Normalises each channel over batch, height and width, then scales and shifts it:
    /// [`torch.nn.BatchNorm2d`](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html) (Ioffe and
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
    BatchNorm2d, true, true
}

impl BatchNorm2d {
    fn try_forward(&self, x: &Tensor, relu: bool) -> Result<Tensor, ShapeError> {
        let channels = self.num_features;
        let sizes = format!("[batch, {channels}, height, width]");
        let help =
            "num_features must be the channels of the layer before; a 3-d input needs a batch dimension (unsqueeze(0))";
        if x.dim() != 4 {
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
        bn1: BatchNorm2d,
    }

    #[test]
    #[should_panic(
        expected = "Net.bn1 (BatchNorm2d): the input must have the shape [batch, 4, height, width], but has [4, 8, 8]"
    )]
    fn the_error_names_the_layer() {
        let net = Net { bn1: BatchNorm2d::new(4) };
        net.train();
        net.bn1.forward(&Tensor::zeros([4, 8, 8]));
    }

    #[test]
    #[should_panic(expected = "BatchNorm2d: in training more than one value for each channel is needed")]
    fn one_value_has_no_variance() {
        BatchNorm2d::new(4).forward(&Tensor::zeros([1, 4, 1, 1]));
    }

    #[test]
    fn printed_as_in_pytorch() {
        let layer = BatchNorm2d::new(3).eps(1e-3).momentum(None).bias(false);
        let expected = "BatchNorm2d(3, eps=0.001, momentum=None, affine=True, bias=False, track_running_stats=True)";
        assert_eq!(layer.to_string(), expected);
        assert_eq!(layer.affine(false).parameters().len(), 0);
    }
}
