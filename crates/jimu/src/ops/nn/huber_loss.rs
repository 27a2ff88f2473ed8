//! `huber_loss`.

use super::loss::{Reduction, broadcast_pair, same_shape};
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// d² / 2 where the distance d = |x - y| is at most δ, δ (d - δ/2) elsewhere:
/// [`torch.nn.functional.huber_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html).
///
/// # Args
/// - `delta`: where the parabola ends, 1 in PyTorch unless given.
/// - `weight`: a factor for each loss, if any. The mean is over their number, as PyTorch has it, not over their sum.
///
/// # Shape
/// `x` and `target` can be broadcast, with a warning, as PyTorch has it: what is usually meant is one shape. `weight`
/// has the shape of `x`.
///
/// # Panics
/// If the shapes cannot be broadcast, that of `weight` is not that of `x`, or `delta` is not positive.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, huber_loss}};
/// let losses = huber_loss(&Tensor::new([1.0, 3.0]), &Tensor::zeros([2]), 2.0, None, Reduction::None);
/// assert_eq!(losses.to_vec::<f32>(), [0.5, 4.0]);
/// ```
#[track_caller]
pub fn huber_loss(x: &Tensor, target: &Tensor, delta: f64, weight: Option<&Tensor>, reduction: Reduction) -> Tensor {
    let (input, target) = broadcast_pair("huber_loss", x, target);
    if delta <= 0.0 {
        raise(ShapeError::new("huber_loss", format!("delta is {delta}")).help("choose it positive"));
    }
    let difference = input - target;
    let distance = difference.abs();
    let near = distance.le(delta);
    let losses = near.where_(&(difference.square() * 0.5), &((distance - 0.5 * delta) * delta));
    match weight {
        None => reduction.apply(losses),
        Some(weight) => {
            same_shape("huber_loss (weight)", x, weight);
            reduction.apply(losses * weight)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for delta in [0.4, 1.0] {
            check(|x| huber_loss(x[0], x[1], delta, None, Reduction::Sum), &[&variable([2, 3]), &variable([2, 3])]);
        }
        let weight = variable([4]).detach();
        check(|x| huber_loss(x[0], x[1], 1.0, Some(&weight), Reduction::Mean), &[&variable([4]), &variable([4])]);
    }

    #[test]
    #[should_panic(expected = "huber_loss: delta is 0")]
    fn refusal() {
        huber_loss(&Tensor::zeros([4]), &Tensor::zeros([4]), 0.0, None, Reduction::Mean);
    }
}
