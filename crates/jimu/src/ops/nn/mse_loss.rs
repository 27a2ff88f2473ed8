//! `mse_loss`.

use super::loss::Reduction;
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// The squared differences, (x - y)²:
/// [`torch.nn.functional.mse_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html).
///
/// # Shape
/// `x` and `target` have one shape; PyTorch broadcasts others with a warning, here they are refused.
///
/// # Panics
/// If the shapes differ.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, mse_loss}};
/// assert_eq!(mse_loss(&Tensor::new([1.0, 2.0]), &Tensor::new([1.0, 4.0]), Reduction::Mean).item(), 2.0);
/// ```
#[track_caller]
pub fn mse_loss(x: &Tensor, target: &Tensor, reduction: Reduction) -> Tensor {
    if x.shape() != target.shape() {
        let (input, wanted) = (x.shape(), target.shape());
        raise(
            ShapeError::new("mse_loss", format!("the input has shape {input}, but the target has shape {wanted}"))
                .help("reshape or unsqueeze one of them, so that each output meets its own target"),
        );
    }
    let difference = x - target;
    reduction.apply(&difference * &difference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            check(|x| mse_loss(x[0], x[1], reduction), &[&variable([2, 3]), &variable([2, 3])]);
        }
    }

    #[test]
    #[should_panic(expected = "mse_loss: the input has shape [4, 1], but the target has shape [4]")]
    fn refusal() {
        mse_loss(&Tensor::zeros([4, 1]), &Tensor::zeros([4]), Reduction::Mean);
    }
}
