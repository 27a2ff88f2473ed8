//! `instance_norm`.

use super::batch_norm::{BatchNormOptions, follow, try_batch_norm};
use super::normalize::{Sets, check_numbers, normalize_then};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The options of [`instance_norm`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug)]
pub struct InstanceNormOptions<'a> {
    /// The mean of each channel, used without `use_input_stats` and otherwise moved towards the input's, in place.
    pub running_mean: Option<&'a Tensor>,
    /// The variance of each channel, used without `use_input_stats` and otherwise moved towards the input's, in place.
    pub running_var: Option<&'a Tensor>,
    /// A factor for each channel.
    pub weight: Option<&'a Tensor>,
    /// A summand for each channel.
    pub bias: Option<&'a Tensor>,
    /// Whether the input's own means and variances are used, by default yes.
    pub use_input_stats: bool,
    /// How far the running statistics move, by default 0.1.
    pub momentum: f64,
    /// What is added to the variance, by default 1e-5.
    pub eps: f64,
}

impl Default for InstanceNormOptions<'_> {
    fn default() -> Self {
        Self {
            running_mean: None,
            running_var: None,
            weight: None,
            bias: None,
            use_input_stats: true,
            momentum: 0.1,
            eps: 1e-5,
        }
    }
}

/// Normalises each channel of each sample by itself:
/// [`torch.nn.functional.instance_norm`](https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html)
/// (Ulyanov, Vedaldi and Lempitsky, *Instance Normalization*, 2016). The layers are
/// [`InstanceNorm1d`](crate::nn::InstanceNorm1d) and [`InstanceNorm2d`](crate::nn::InstanceNorm2d).
///
/// # Shape
/// - `x`: (n, c, *), with at least one further dimension; every number of the options: (c). Output: as `x`.
///
/// # Panics
/// If the shapes or types do not fit, a channel of a sample has one value only, or, without `use_input_stats`, there are
/// no running statistics.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{InstanceNormOptions, instance_norm}};
/// let x = Tensor::new([[[1.0, 3.0], [10.0, 30.0]]]);
/// let options = InstanceNormOptions { eps: 0.0, ..Default::default() };
/// assert_eq!(instance_norm(&x, &options).to_vec::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
/// ```
#[track_caller]
pub fn instance_norm(x: &Tensor, options: &InstanceNormOptions<'_>) -> Tensor {
    try_instance_norm(x, options, false).or_raise()
}

/// [`instance_norm`], with a ReLU behind it if `relu`.
pub(crate) fn try_instance_norm(
    x: &Tensor,
    options: &InstanceNormOptions<'_>,
    relu: bool,
) -> Result<Tensor, ShapeError> {
    let &InstanceNormOptions { running_mean, running_var, weight, bias, use_input_stats, momentum, eps } = options;
    if x.dim() < 3 {
        return Err(ShapeError::new(
            "instance_norm",
            format!("the input must have the shape [batch, channels, length, …], but has {}", x.shape()),
        )
        .help("a single sample needs a batch dimension (unsqueeze(0))"));
    }
    if !use_input_stats {
        let options = BatchNormOptions { running_mean, running_var, weight, bias, training: false, momentum, eps };
        return try_batch_norm(x, &options, relu).map_err(|error| error.told_by("instance_norm"));
    }
    let (batch, channels, inner) = (x.shape()[0], x.shape()[1], x.shape()[2..].iter().product());
    let numbers = [("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)];
    check_numbers("instance_norm", x, &[channels], &numbers)?;
    if inner == 1 {
        return Err(ShapeError::new(
            "instance_norm",
            format!("a channel needs more than one value to be normalised, but the input has shape {}", x.shape()),
        )
        .help("normalise before pooling everything into one value, or use batch or layer normalisation"));
    }
    let sets = Sets { batch, groups: channels, channels: 1, inner, over_batch: false, centred: true };
    let (y, statistics) = normalize_then(relu, x, sets, weight, bias, eps)?;
    if let Some(statistics) = statistics.get() {
        let over_batch = |numbers: &Tensor| numbers.reshape([batch, channels]).mean_dim(0, false);
        let unbiased = inner as f64 / (inner as f64 - 1.0);
        follow(running_mean, &over_batch(&statistics.mean), momentum);
        follow(running_var, &(over_batch(&statistics.variance) * unbiased), momentum);
    }
    Ok(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (x, weight, bias) = (variable([2, 2, 3]), variable([2]), variable([2]));
        let affine = |i: &[&Tensor]| {
            instance_norm(i[0], &InstanceNormOptions { weight: Some(i[1]), bias: Some(i[2]), ..Default::default() })
        };
        check(affine, &[&x, &weight, &bias]);
        check(|i| try_instance_norm(i[0], &InstanceNormOptions::default(), true).unwrap(), &[&x]);
    }

    #[test]
    fn running_statistics_are_means_over_the_batch() {
        let (mean, variance) = (Tensor::zeros([1]), Tensor::zeros([1]));
        let running = InstanceNormOptions {
            running_mean: Some(&mean),
            running_var: Some(&variance),
            momentum: 1.0,
            ..Default::default()
        };
        instance_norm(&Tensor::new([[[1.0, 3.0]], [[5.0, 5.0]]]), &running);
        assert_eq!((mean.item(), variance.item()), (3.5, 1.0));
        let fixed = InstanceNormOptions { use_input_stats: false, eps: 0.0, ..running };
        assert_eq!(instance_norm(&Tensor::new([[[3.5, 5.5]]]), &fixed).to_vec::<f32>(), [0.0, 2.0]);
    }

    #[test]
    #[should_panic(expected = "instance_norm: a channel needs more than one value")]
    fn refusal() {
        instance_norm(&Tensor::zeros([2, 3, 1, 1]), &InstanceNormOptions::default());
    }
}
