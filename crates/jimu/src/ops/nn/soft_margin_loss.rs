//! `soft_margin_loss`.

use super::logsigmoid::logsigmoid;
use super::loss::{Reduction, same_shape};
use crate::tensor::Tensor;

/// ln(1 + e^(-y x)) of scores x and targets y, 1 or -1:
/// [`torch.nn.functional.soft_margin_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html).
///
/// # Shape
/// `x` and `target` have one shape.
///
/// # Panics
/// If the shapes differ.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, soft_margin_loss}};
/// let loss = soft_margin_loss(&Tensor::new([0.0]), &Tensor::new([-1.0]), Reduction::Mean);
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn soft_margin_loss(x: &Tensor, target: &Tensor, reduction: Reduction) -> Tensor {
    same_shape("soft_margin_loss", x, target);
    reduction.apply(-logsigmoid(&(x * target)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let target = Tensor::new([[1.0, -1.0], [-1.0, -1.0]]).to(crate::DType::F64);
        check(|x| soft_margin_loss(x[0], &target, Reduction::Mean), &[&variable([2, 2])]);
    }

    #[test]
    #[should_panic(expected = "soft_margin_loss: the input has shape [4, 1], but the target has shape [4]")]
    fn refusal() {
        soft_margin_loss(&Tensor::zeros([4, 1]), &Tensor::zeros([4]), Reduction::Mean);
    }
}
