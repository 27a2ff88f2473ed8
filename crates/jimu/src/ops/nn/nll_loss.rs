//! `nll_loss`: minus the log-probability of the right class.

use super::loss::{Reduction, check_class_weight, check_classes, class_dim};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The options of [`nll_loss`]; the defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct NLLLossOptions {
    /// A factor for each class.
    pub weight: Option<Tensor>,
    /// A class that counts for nothing, by default -100.
    pub ignore_index: i64,
    /// What becomes of the losses of the samples.
    pub reduction: Reduction,
}

impl Default for NLLLossOptions {
    fn default() -> Self {
        Self { weight: None, ignore_index: -100, reduction: Reduction::Mean }
    }
}

/// The loss of each sample, and the weight of each: that of its class, 0 if it is ignored. No weights if all are 1.
#[track_caller]
pub(super) fn sample_losses(
    log_probabilities: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore_index: i64,
) -> (Tensor, Option<Tensor>) {
    let dim = class_dim(log_probabilities) as isize;
    let target = target.to(DType::I64);
    let ignored = target.eq(ignore_index);
    let any_ignored = !target.is_meta() && ignored.any().item() != 0.0;
    let classes = if any_ignored { target.masked_fill(&ignored, 0) } else { target };
    let mut losses = -log_probabilities.gather(dim, &classes.unsqueeze(dim)).squeeze_dim(dim);
    let mut weights = weight.map(|weight| weight.index_select(0, &classes.flatten(..)).reshape(classes.size()));
    if any_ignored {
        let ones = weights.unwrap_or_else(|| losses.detach().ones_like());
        weights = Some(ones.masked_fill(&ignored, 0.0));
        // A loss that is infinite is ignored as well: infinity times 0 would not be.
        losses = losses.masked_fill(&ignored, 0.0);
    }
    if let Some(weights) = &weights {
        losses *= weights;
    }
    (losses, weights)
}

/// The losses of the samples, reduced: their mean is over the sum of the weights.
#[track_caller]
pub(super) fn reduce(losses: Tensor, weights: Option<&Tensor>, reduction: Reduction) -> Tensor {
    match (reduction, weights) {
        (Reduction::Mean, Some(weights)) => losses.sum() / weights.sum(),
        _ => reduction.apply(losses),
    }
}

fn check(x: &Tensor, target: &Tensor, options: &NLLLossOptions) -> Result<(), ShapeError> {
    if x.dim() == 0 || !x.dtype().is_floating_point() {
        let problem = format!(
            "the log-probabilities must be real numbers of shape [batch, classes, …], but are {} of shape {}",
            x.dtype(),
            x.shape()
        );
        return Err(ShapeError::new("nll_loss", problem).help("give the output of log_softmax"));
    }
    check_class_weight("nll_loss", options.weight.as_ref(), x.shape()[class_dim(x)])?;
    check_classes("nll_loss", x, target, Some(options.ignore_index))
}

/// The negative log-likelihood, -x\[class\], of log-probabilities `x`:
/// [`torch.nn.functional.nll_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html).
///
/// # Shape
/// - `x`: (c), (n, c) or (n, c, d₁, …), the output of a log-softmax; `target`: the same without c, in `i64`.
/// - Output: 0-d, or the shape of `target` with [`Reduction::None`].
///
/// # Panics
/// If the shapes or types do not fit, or a class is out of range.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{NLLLossOptions, nll_loss}};
/// let (x, classes) = (Tensor::new([[-1.0, -2.0], [-3.0, -4.0]]), Tensor::new([0, 1]));
/// assert_eq!(nll_loss(&x, &classes, &NLLLossOptions::default()).item(), 2.5);
/// ```
#[track_caller]
pub fn nll_loss(x: &Tensor, target: &Tensor, options: &NLLLossOptions) -> Tensor {
    check(x, target, options).or_raise();
    let (losses, weights) = sample_losses(x, target, options.weight.as_ref(), options.ignore_index);
    reduce(losses, weights.as_ref(), options.reduction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check as check_derivatives, variable};

    #[test]
    fn derivatives() {
        let weight = Some(Tensor::new([0.5, 1.0, 2.0]).to(DType::F64));
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            let options = NLLLossOptions { weight: weight.clone(), reduction, ignore_index: 1 };
            check_derivatives(|x| nll_loss(x[0], &Tensor::new([2, 1, 0]), &options), &[&variable([3, 3])]);
            check_derivatives(|x| nll_loss(x[0], &Tensor::new([[2, 1]]), &options), &[&variable([1, 3, 2])]);
            check_derivatives(|x| nll_loss(x[0], &Tensor::new(2), &options), &[&variable([3])]);
        }
    }

    #[test]
    fn an_ignored_sample_may_be_impossible() {
        let x = Tensor::new([[f64::NEG_INFINITY, -1.0], [-2.0, -3.0]]);
        let options = NLLLossOptions { ignore_index: 0, ..Default::default() };
        assert_eq!(nll_loss(&x, &Tensor::new([0, 1]), &options).item(), 3.0);
    }

    #[test]
    #[should_panic(expected = "nll_loss: class 2 is out of range for 2 classes")]
    fn refusal() {
        nll_loss(&Tensor::zeros([1, 2]), &Tensor::new([2]), &NLLLossOptions::default());
    }
}
