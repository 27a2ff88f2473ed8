//! `smooth_l1_loss`.

use super::l1_loss::l1_loss;
use super::loss::{Reduction, broadcast_pair};
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// d² / 2β where the distance d = |x - y| is less than β, d - β/2 elsewhere:
/// [`torch.nn.functional.smooth_l1_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html).
///
/// # Args
/// - `beta`: where the parabola ends, 1 in PyTorch unless given; 0 is [`l1_loss`].
///
/// # Shape
/// `x` and `target` can be broadcast, with a warning, as PyTorch has it: what is usually meant is one shape.
///
/// # Panics
/// If the shapes cannot be broadcast, or `beta` is negative.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, smooth_l1_loss}};
/// let losses = smooth_l1_loss(&Tensor::new([0.5, 3.0]), &Tensor::zeros([2]), 1.0, Reduction::None);
/// assert_eq!(losses.to_vec::<f32>(), [0.125, 2.5]);
/// ```
#[track_caller]
pub fn smooth_l1_loss(x: &Tensor, target: &Tensor, beta: f64, reduction: Reduction) -> Tensor {
    let (x, target) = &broadcast_pair("smooth_l1_loss", x, target);
    if beta < 0.0 {
        raise(
            ShapeError::new("smooth_l1_loss", format!("beta is {beta}")).help("choose it positive, or 0 for l1_loss"),
        );
    }
    if beta == 0.0 {
        return l1_loss(x, target, None, reduction);
    }
    let difference = x - target;
    let distance = difference.abs();
    let near = distance.lt(beta);
    reduction.apply(near.where_(&(difference.square() * (0.5 / beta)), &(distance - 0.5 * beta)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for beta in [0.0, 0.4, 1.0] {
            check(|x| smooth_l1_loss(x[0], x[1], beta, Reduction::Mean), &[&variable([2, 3]), &variable([2, 3])]);
        }
    }

    #[test]
    #[should_panic(expected = "smooth_l1_loss: beta is -1")]
    fn refusal() {
        smooth_l1_loss(&Tensor::zeros([4]), &Tensor::zeros([4]), -1.0, Reduction::Mean);
    }
}
