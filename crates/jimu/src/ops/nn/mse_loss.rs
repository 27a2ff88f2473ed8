//! `mse_loss`.

use super::loss::{Reduction, broadcast_pair, same_shape};
use crate::tensor::Tensor;

/// The squared differences, (x - y)²:
/// [`torch.nn.functional.mse_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html).
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
/// use jimu::{Tensor, nn::functional::{Reduction, mse_loss}};
/// assert_eq!(mse_loss(&Tensor::new([1.0, 2.0]), &Tensor::new([1.0, 4.0]), None, Reduction::Mean).item(), 2.0);
/// ```
#[track_caller]
pub fn mse_loss(x: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: Reduction) -> Tensor {
    let (input, target) = broadcast_pair("mse_loss", x, target);
    let difference = input - target;
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
    fn shapes_are_broadcast() {
        let (x, y) = (Tensor::new([[1.0], [3.0]]), Tensor::new([0.0, 2.0]));
        assert_eq!(mse_loss(&x, &y, None, Reduction::None).to_vec::<f32>(), [1.0, 1.0, 9.0, 1.0]);
        check(|x| mse_loss(x[0], x[1], None, Reduction::Mean), &[&variable([3, 1]), &variable([2])]);
    }

    #[test]
    #[should_panic(expected = "mse_loss: the input has shape [3], but the target has shape [4]")]
    fn refusal() {
        mse_loss(&Tensor::zeros([3]), &Tensor::zeros([4]), None, Reduction::Mean);
    }
}
