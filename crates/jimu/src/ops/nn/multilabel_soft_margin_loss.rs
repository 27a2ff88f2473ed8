//! `multilabel_soft_margin_loss`.

use super::logsigmoid::logsigmoid;
use super::loss::{Reduction, same_shape};
use crate::tensor::Tensor;

/// The mean over the classes, the last dimension, of the binary cross-entropies of their scores:
/// [`torch.nn.functional.multilabel_soft_margin_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html).
///
/// # Args
/// - `target`: 1 for each class that applies, 0 for the others.
/// - `weight`: a factor for each class, if any.
///
/// # Shape
/// - `x`, `target`: (…, c), at least one dimension.
/// - Output: 0-d, or (…) with [`Reduction::None`].
///
/// # Panics
/// If the shapes differ.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, multilabel_soft_margin_loss}};
/// let loss = multilabel_soft_margin_loss(&Tensor::zeros([1, 3]), &Tensor::ones([1, 3]), None, Reduction::Mean);
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn multilabel_soft_margin_loss(
    x: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: Reduction,
) -> Tensor {
    same_shape("multilabel_soft_margin_loss", x, target);
    let mut losses = -(target * logsigmoid(x) + (1.0 - target) * logsigmoid(&-x));
    if let Some(weight) = weight {
        losses *= weight;
    }
    reduction.apply(losses.mean_dim(-1, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (target, weight) = (variable([2, 3]).detach().sigmoid(), variable([3]).detach());
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            check(|x| multilabel_soft_margin_loss(x[0], &target, Some(&weight), reduction), &[&variable([2, 3])]);
        }
    }
}
