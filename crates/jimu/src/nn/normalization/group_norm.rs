//! `GroupNorm`.

use super::super::builders::{python, python_float};
use super::super::field::{Label, Parameter};
use super::super::{Forward, Module};
use super::{check_channels, numbers, shown_bias};
use crate::error::{OrRaise, ShapeError, raise};
use crate::ops::nn::group_norm::try_group_norm;
use crate::tensor::Tensor;

/// Normalises groups of channels of each sample, then scales and shifts each channel:
/// [`torch.nn.GroupNorm`](https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html) (Wu and He, *Group
/// Normalization*, 2018).
///
/// y = (x - mean) / √(variance + eps) · weight + bias, with the mean and the (biased) variance of a group of channels of
/// one sample, in training as in use. One group is layer normalisation, a group for each channel instance
/// normalisation.
///
/// # Args
/// - `num_groups`: how many groups the channels are divided among.
/// - `num_channels`: channels.
/// - [`eps`](Self::eps): by default 1e-5.
/// - [`affine`](Self::affine): whether there are `weight` and `bias`, by default yes.
/// - [`bias`](Self::bias): whether, of the two, there is `bias`, by default yes.
///
/// # Shape
/// - Input: (n, num_channels, *); output: the same.
///
/// # Attributes
/// - `weight`: (num_channels), ones; `bias`: (num_channels), zeros.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, GroupNorm}};
/// let y = GroupNorm::new(2, 6).forward(&Tensor::randn([20, 6, 10, 10]));
/// assert!(y.narrow(1, 0, 3).mean_dim([1, 2, 3], false).abs().max().item() < 1e-5);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct GroupNorm {
    /// The scale of each channel.
    pub weight: Option<Parameter>,
    /// The shift of each channel.
    pub bias: Option<Parameter>,
    num_groups: usize,
    num_channels: usize,
    eps: f64,
    with_bias: bool,
    label: Label,
}

impl GroupNorm {
    /// For `num_channels` channels in `num_groups` groups.
    ///
    /// # Panics
    /// If the channels do not divide into the groups.
    #[track_caller]
    pub fn new(num_groups: usize, num_channels: usize) -> Self {
        if num_groups == 0 || !num_channels.is_multiple_of(num_groups) {
            let problem = format!("{num_channels} channels do not divide into {num_groups} groups");
            raise(ShapeError::new("GroupNorm", problem).help("choose a number of groups that divides the channels"));
        }
        let (weight, bias) = numbers(true, true, num_channels);
        Self { weight, bias, num_groups, num_channels, eps: 1e-5, with_bias: true, label: Label::default() }
    }

    /// What is added to the variance.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// With `weight` and `bias`, or without.
    pub fn affine(mut self, on: bool) -> Self {
        (self.weight, self.bias) = numbers(on, self.with_bias, self.num_channels);
        self
    }

    /// With `bias`, or, of `weight` and `bias`, with `weight` alone.
    pub fn bias(mut self, on: bool) -> Self {
        self.with_bias = on;
        let affine = self.weight.is_some();
        self.affine(affine)
    }

    fn try_forward(&self, x: &Tensor) -> Result<Tensor, ShapeError> {
        let sizes = format!("[batch, {}, …]", self.num_channels);
        check_channels(x, 1, self.num_channels, &sizes, "num_channels must be the channels of the layer before")?;
        try_group_norm(x, self.num_groups, self.weight.as_deref(), self.bias.as_deref(), self.eps)
    }

    fn extra_repr(&self) -> String {
        let (eps, affine) = (python_float(self.eps), python(self.weight.is_some()));
        let bias = shown_bias(self.weight.as_ref(), self.bias.as_ref());
        format!("{}, {}, eps={eps}, affine={affine}{bias}", self.num_groups, self.num_channels)
    }
}

impl Forward for GroupNorm {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.try_forward(x).map_err(|error| error.told_by(self.label.describe("GroupNorm"))).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        let layer = GroupNorm::new(3, 6).bias(false);
        assert_eq!(layer.to_string(), "GroupNorm(3, 6, eps=1e-05, affine=True, bias=False)");
    }

    #[test]
    #[should_panic(expected = "GroupNorm: the input must have the shape [batch, 6, …], but has [2, 5, 3]")]
    fn refusal() {
        GroupNorm::new(3, 6).forward(&Tensor::zeros([2, 5, 3]));
    }

    #[test]
    #[should_panic(expected = "GroupNorm: 6 channels do not divide into 4 groups")]
    fn groups_divide_the_channels() {
        GroupNorm::new(4, 6);
    }
}
