//! `l1_loss`.

use super::loss::{Reduction, broadcast_pair, same_shape};
use crate::tensor::Tensor;

/// The magnitudes of the differences, |x - y|:
/// [`torch.nn.functional.l1_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html).
///
/// # Args
/// - `weight`: a factor for each difference, if any; the mean is then over their sum.
///
/// # Shape
/// `x` and `target` can be broadcast, with a warning, as PyTorch has it: what is usually meant is one shape. `weight`
/// has the shape of `x`.
///
/// # Panics
/// If the shapes cannot be broadcast, or that of `weight` is not that of `x`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, l1_loss}};
/// assert_eq!(l1_loss(&Tensor::new([1.0, 2.0]), &Tensor::new([1.0, 4.0]), None, Reduction::Mean).item(), 1.0);
/// ```
#[track_caller]
pub fn l1_loss(x: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: Reduction) -> Tensor {
    let (input, target) = broadcast_pair("l1_loss", x, target);
    let distances = (input - target).abs();
    match weight {
        None => reduction.apply(distances),
        Some(weight) => {
            same_shape("l1_loss (weight)", x, weight);
            reduction.apply_weighted(distances, weight)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            check(|x| l1_loss(x[0], x[1], None, reduction), &[&variable([2, 3]), &variable([2, 3])]);
            let weight = variable([4]).detach().abs();
            check(|x| l1_loss(x[0], x[1], Some(&weight), reduction), &[&variable([4]), &variable([4])]);
        }
    }

    #[test]
    #[should_panic(expected = "l1_loss: the input has shape [3], but the target has shape [4]")]
    fn refusal() {
        l1_loss(&Tensor::zeros([3]), &Tensor::zeros([4]), None, Reduction::Mean);
    }
}
