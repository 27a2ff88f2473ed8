//! `group_norm`.

use super::normalize::{Sets, check_numbers, normalize};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// Normalises groups of channels of each sample:
/// [`torch.nn.functional.group_norm`](https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html)
/// (Wu and He, *Group Normalization*, 2018). The layer is [`GroupNorm`](crate::nn::GroupNorm).
///
/// # Args
/// - `num_groups`: how many groups the channels are divided among.
/// - `weight`, `bias`: a factor and a summand for each channel.
/// - `eps`: what is added to the variance; PyTorch's default is 1e-5.
///
/// # Shape
/// - `x`: (n, c, *); `weight`, `bias`: (c). Output: as `x`.
///
/// # Panics
/// If the channels do not divide into the groups, the shapes or types do not fit, or a group has one value only.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::group_norm};
/// let x = Tensor::new([[1.0, 3.0, 10.0, 30.0]]);
/// assert_eq!(group_norm(&x, 2, None, None, 0.0).to_vec::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
/// ```
#[track_caller]
pub fn group_norm(x: &Tensor, num_groups: usize, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f64) -> Tensor {
    try_group_norm(x, num_groups, weight, bias, eps).or_raise()
}

pub(crate) fn try_group_norm(
    x: &Tensor,
    num_groups: usize,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor, ShapeError> {
    let shape = x.shape();
    let refuse = |problem: String, help: &str| Err(ShapeError::new("group_norm", problem).help(help));
    if x.dim() < 2 {
        return refuse(
            format!("the input must have the shape [batch, channels, …], but has {shape}"),
            "a single sample needs a batch dimension (unsqueeze(0))",
        );
    }
    let (batch, channels, inner) = (shape[0], shape[1], shape[2..].iter().product::<usize>());
    if num_groups == 0 || !channels.is_multiple_of(num_groups) {
        return refuse(
            format!("the {channels} channels of an input of shape {shape} do not divide into {num_groups} groups"),
            "choose a number of groups that divides the channels",
        );
    }
    check_numbers("group_norm", x, &[channels], &[("weight", weight), ("bias", bias)])?;
    let sets =
        Sets { batch, groups: num_groups, channels: channels / num_groups, inner, over_batch: false, centred: true };
    // PyTorch counts over the batch, and so accepts single values in a batch of several.
    if batch * sets.each() == 1 {
        return refuse(
            format!("a group needs more than one value to be normalised, but the input has shape {shape}"),
            "use fewer groups",
        );
    }
    Ok(normalize(x, sets, weight, bias, eps)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (weight, bias) = (variable([4]), variable([4]));
        for (x, groups) in [(variable([2, 4, 3]), 2), (variable([2, 4]), 2), (variable([2, 4, 1, 2]), 1)] {
            check(|i| group_norm(i[0], groups, Some(i[1]), Some(i[2]), 0.1), &[&x, &weight, &bias]);
        }
    }

    #[test]
    #[should_panic(expected = "group_norm: the 6 channels of an input of shape [2, 6, 3] do not divide into 4 groups")]
    fn refusal() {
        group_norm(&Tensor::zeros([2, 6, 3]), 4, None, None, 1e-5);
    }
}
