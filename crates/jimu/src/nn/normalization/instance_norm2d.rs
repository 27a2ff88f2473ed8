//! `InstanceNorm2d`.

use super::super::builders::{python, python_float};
use super::super::field::{Buffer, Label, Mode, Parameter};
use super::super::{Forward, Module};
use super::{Normalization, running_norm};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

running_norm! {
    /// Normalises each channel of each sample by itself:
    /// [`torch.nn.InstanceNorm2d`](https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html) (Ulyanov,
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
    /// - Input: (n, num_features, h, w) or (num_features, h, w); output: the same.
    ///
    /// # Attributes
    /// - `weight`: (num_features), ones; `bias`: (num_features), zeros.
    /// - `running_mean`: zeros; `running_var`: ones; `num_batches_tracked`: 0, as in PyTorch always.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, InstanceNorm2d}};
    /// let y = InstanceNorm2d::new(3).forward(&Tensor::randn([2, 3, 5, 4]));
    /// assert!(y.index(1).select(0, 2).mean().item().abs() < 1e-5);
    /// ```
    InstanceNorm2d, false, false
}

impl InstanceNorm2d {
    fn try_forward(&self, x: &Tensor, relu: bool) -> Result<Tensor, ShapeError> {
        self.normalization().over_instances(x, relu, &["height", "width"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "InstanceNorm2d: the input must have the shape [batch, 4, height, width] or [4, height, width], but has [4, 5]"
    )]
    fn refusal() {
        InstanceNorm2d::new(4).forward(&Tensor::zeros([4, 5]));
    }

    #[test]
    fn channels_are_checked_where_they_matter() {
        let x = Tensor::randn([2, 3, 5, 4]);
        assert_eq!(InstanceNorm2d::new(7).forward(&x).size(), [2, 3, 5, 4]);
        let affine = InstanceNorm2d::new(7).affine(true);
        assert!(affine.try_forward(&x, false).unwrap_err().to_string().contains("[7, "));
    }
}
