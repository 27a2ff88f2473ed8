//! `kl_div`.

use super::loss::Reduction;
use crate::tensor::Tensor;

/// What becomes of the terms of [`kl_div`]: a [`Reduction`], or the mean over the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KLDivReduction {
    /// Their sum divided by the first size: the divergence as mathematics has it.
    BatchMean,
    /// As for any loss; the mean is over all elements.
    Plain(Reduction),
}

impl Default for KLDivReduction {
    fn default() -> Self {
        Self::Plain(Reduction::Mean)
    }
}

impl From<Reduction> for KLDivReduction {
    fn from(reduction: Reduction) -> Self {
        Self::Plain(reduction)
    }
}

/// The terms of the Kullback-Leibler divergence, y (ln y - x), of log-probabilities x from probabilities y:
/// [`torch.nn.functional.kl_div`](https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html).
///
/// # Args
/// - `x`: logarithms of probabilities.
/// - `target`: probabilities, or with `log_target` their logarithms.
///
/// # Shape
/// Two that can be broadcast.
///
/// # Panics
/// If the shapes cannot be broadcast.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{KLDivReduction, kl_div}};
/// let (x, y) = (Tensor::new([[0.5, 0.5]]).log(), Tensor::new([[1.0, 0.0]]));
/// assert!((kl_div(&x, &y, KLDivReduction::BatchMean, false).item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn kl_div(x: &Tensor, target: &Tensor, reduction: impl Into<KLDivReduction>, log_target: bool) -> Tensor {
    let terms = match log_target {
        true => target.exp() * (target - x),
        false => {
            // 0 ln 0 is 0: the logarithm is taken of 1 there, so that no gradient is 0 times infinity.
            let positive = target.detach().eq(0.0).where_(1.0, target);
            target * (positive.log() - x)
        }
    };
    match reduction.into() {
        KLDivReduction::Plain(reduction) => reduction.apply(terms),
        KLDivReduction::BatchMean => terms.sum() / x.shape().first().map_or(1.0, |&size| size as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let y = variable([2, 3]).detach().softmax(1).requires_grad_();
        for reduction in [KLDivReduction::BatchMean, Reduction::Mean.into(), Reduction::None.into()] {
            check(|x| kl_div(x[0], x[1], reduction, false), &[&variable([2, 3]), &y]);
            check(|x| kl_div(x[0], x[1], reduction, true), &[&variable([2, 3]), &variable([2, 3])]);
        }
    }

    #[test]
    fn an_impossible_target_adds_nothing() {
        let y = Tensor::new([0.0, 1.0]).requires_grad_();
        let loss = kl_div(&Tensor::new([-2.0, -1.0]), &y, Reduction::Sum, false);
        assert_eq!(loss.item(), 1.0);
        loss.backward();
        assert!(y.grad().unwrap().isfinite().all().item() == 1.0);
    }
}
