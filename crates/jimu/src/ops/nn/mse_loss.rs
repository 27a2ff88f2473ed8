//! `mse_loss`.

use super::loss::{Reduction, same_shape};
use crate::tensor::Tensor;

/// The squared differences, (x - y)²:
/// [`torch.nn.functional.mse_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html).
///
/// # Args
/// - `weight`: a factor for each difference, if any; the mean is then over their sum.
///
/// # Shape
/// `x`, `target` and `weight` have one shape; PyTorch broadcasts others with a warning, here they are refused.
///
/// # Panics
/// If the shapes differ.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, mse_loss}};
/// assert_eq!(mse_loss(&Tensor::new([1.0, 2.0]), &Tensor::new([1.0, 4.0]), None, Reduction::Mean).item(), 2.0);
/// ```
#[track_caller]
pub fn mse_loss(x: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: Reduction) -> Tensor {
    same_shape("mse_loss", x, target);
    let difference = x - target;
    let squares = &difference * &difference;
    match weight {
        None => reduction.apply(squares),
        Some(weight) => {
            same_shape("mse_loss (weight)", x, weight);
            reduction.apply_weighted(squares, weight)
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
            check(|x| mse_loss(x[0], x[1], None, reduction), &[&variable([2, 3]), &variable([2, 3])]);
            let weight = variable([4]).detach().abs();
            check(|x| mse_loss(x[0], x[1], Some(&weight), reduction), &[&variable([4]), &variable([4])]);
        }
    }

    #[test]
    #[should_panic(expected = "mse_loss: the input has shape [4, 1], but the target has shape [4]")]
    fn refusal() {
        mse_loss(&Tensor::zeros([4, 1]), &Tensor::zeros([4]), None, Reduction::Mean);
    }
}
