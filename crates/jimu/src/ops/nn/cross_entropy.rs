//! `cross_entropy`: log-softmax and negative log-likelihood in one.

use super::fused_cross_entropy;
use super::loss::{Reduction, check_class_weight, check_classes, class_dim};
use super::nll_loss::{reduce, sample_losses};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The options of [`cross_entropy`]; the defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct CrossEntropyOptions {
    /// A factor for each class.
    pub weight: Option<Tensor>,
    /// A class that counts for nothing, by default -100.
    pub ignore_index: i64,
    /// What becomes of the losses of the samples.
    pub reduction: Reduction,
    /// The part of each target, from 0 to 1, that is spread evenly over all classes.
    pub label_smoothing: f64,
}

impl Default for CrossEntropyOptions {
    fn default() -> Self {
        Self { weight: None, ignore_index: -100, reduction: Reduction::Mean, label_smoothing: 0.0 }
    }
}

/// The cross-entropy between scores and classes, -log softmax(x)\[class\]:
/// [`torch.nn.functional.cross_entropy`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html).
///
/// # Args
/// - `x`: scores (logits), not probabilities: the softmax is in here.
/// - `target`: class indices in `i64`, or probabilities of the shape and type of `x`.
///
/// # Shape
/// - `x`: (c), (n, c) or (n, c, d₁, …); `target`: the same without c for class indices.
/// - Output: 0-d, or the shape of the class indices with [`Reduction::None`].
///
/// # Panics
/// If the shapes or types do not fit, or a class is out of range.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{CrossEntropyOptions, Reduction, cross_entropy}};
/// let (scores, classes) = (Tensor::zeros([2, 4]), Tensor::new([0, 3]));
/// let options = CrossEntropyOptions { reduction: Reduction::Sum, ..Default::default() };
/// assert!((cross_entropy(&scores, &classes, &options).item() - 2.0 * 4f64.ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn cross_entropy(x: &Tensor, target: &Tensor, options: &CrossEntropyOptions) -> Tensor {
    check(x, target, options).or_raise();
    match fused_cross_entropy::applies(x, target, options) {
        true => fused_cross_entropy::cross_entropy(x, target, options),
        false => composed(x, target, options),
    }
}

/// The loss as a composition of operations.
#[track_caller]
pub(super) fn composed(x: &Tensor, target: &Tensor, options: &CrossEntropyOptions) -> Tensor {
    let dim = class_dim(x) as isize;
    let log_probabilities = x.log_softmax(dim);
    match target.dtype().is_floating_point() {
        true => soft_targets(&log_probabilities, target, options, dim),
        false => class_indices(&log_probabilities, target, options, dim),
    }
}

/// One factor for each class, lying along dimension `dim`.
fn class_weights(options: &CrossEntropyOptions, like: &Tensor, dim: isize) -> Option<Tensor> {
    options.weight.as_ref().map(|weight| {
        let mut sizes = vec![1; like.dim()];
        sizes[dim as usize] = weight.numel();
        weight.reshape(sizes)
    })
}

#[track_caller]
fn class_indices(log_probabilities: &Tensor, target: &Tensor, options: &CrossEntropyOptions, dim: isize) -> Tensor {
    let (mut losses, sample_weights) =
        sample_losses(log_probabilities, target, options.weight.as_ref(), options.ignore_index);
    if options.label_smoothing > 0.0 {
        let weights = class_weights(options, log_probabilities, dim);
        let weighted = weights.map_or_else(|| log_probabilities.clone(), |weights| log_probabilities * weights);
        let ignored = target.to(DType::I64).eq(options.ignore_index);
        let even = -weighted.sum_dim(dim, false).masked_fill(&ignored, 0.0);
        let share = options.label_smoothing / log_probabilities.shape()[dim as usize] as f64;
        losses = losses * (1.0 - options.label_smoothing) + even * share;
    }
    reduce(losses, sample_weights.as_ref(), options.reduction)
}

#[track_caller]
fn soft_targets(log_probabilities: &Tensor, target: &Tensor, options: &CrossEntropyOptions, dim: isize) -> Tensor {
    let classes = log_probabilities.shape()[dim as usize] as f64;
    let target = match options.label_smoothing > 0.0 {
        true => target * (1.0 - options.label_smoothing) + options.label_smoothing / classes,
        false => target.clone(),
    };
    let weighted = match class_weights(options, log_probabilities, dim) {
        Some(weights) => log_probabilities * weights,
        None => log_probabilities.clone(),
    };
    let losses = -(weighted * target).sum_dim(dim, false);
    match options.reduction {
        // Over samples, not over weights: PyTorch's definition for probabilities.
        Reduction::Mean => {
            let samples = losses.numel() as f64;
            losses.sum() / samples
        }
        reduction => reduction.apply(losses),
    }
}

fn check(x: &Tensor, target: &Tensor, options: &CrossEntropyOptions) -> Result<(), ShapeError> {
    let (scores, wanted) = (x.shape(), target.shape());
    let refuse = |problem: String, help: &str| Err(ShapeError::new("cross_entropy", problem).help(help));
    if x.inner.node.as_ref().is_some_and(|node| node.name() == "softmax") {
        return refuse(
            format!("the input of shape {scores} is the result of softmax, but scores are expected"),
            "leave the softmax out: it is in the cross-entropy",
        );
    }
    if x.dim() == 0 || !x.dtype().is_floating_point() {
        return refuse(
            format!(
                "the scores must be real numbers of shape [batch, classes, …], but are {} of shape {scores}",
                x.dtype()
            ),
            "give the model's raw output (logits)",
        );
    }
    check_class_weight("cross_entropy", options.weight.as_ref(), scores[class_dim(x)])?;
    if !(0.0..=1.0).contains(&options.label_smoothing) {
        return refuse(format!("label_smoothing is {}", options.label_smoothing), "choose it from 0 to 1");
    }
    if target.dtype().is_floating_point() {
        return match scores == wanted {
            true => Ok(()),
            false => refuse(
                format!(
                    "a target of real numbers is taken as probabilities and must have the scores' shape {scores}, but has {wanted}"
                ),
                "for class indices convert the target with y.to(DType::I64)",
            ),
        };
    }
    check_classes("cross_entropy", x, target, Some(options.ignore_index))
}

impl Tensor {
    /// The mean cross-entropy between these scores and the classes `target`:
    /// [`cross_entropy`] with its defaults.
    ///
    /// # Shape
    /// Scores (n, c) with classes (n); see [`cross_entropy`] for the rest.
    ///
    /// # Panics
    /// If the shapes or types do not fit, or a class is out of range.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let loss = Tensor::zeros([2, 10]).cross_entropy(&Tensor::new([3, 7]));
    /// assert!((loss.item() - 10f64.ln()).abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn cross_entropy(&self, target: &Tensor) -> Tensor {
        cross_entropy(self, target, &CrossEntropyOptions::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let classes = Tensor::new([2, 0, -100]);
        let weight = Some(Tensor::new([0.5, 1.0, 2.0]).to(DType::F64));
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            let options =
                CrossEntropyOptions { weight: weight.clone(), reduction, label_smoothing: 0.1, ..Default::default() };
            check(|x| cross_entropy(x[0], &classes, &options), &[&variable([3, 3])]);
            let soft = variable([2, 3, 2]).detach().softmax(1);
            check(|x| cross_entropy(x[0], &soft, &options), &[&variable([2, 3, 2])]);
        }
    }

    #[test]
    #[should_panic(expected = "class 10 is out of range for 10 classes")]
    fn a_class_out_of_range() {
        Tensor::zeros([1, 10]).cross_entropy(&Tensor::new([10]));
    }

    #[test]
    #[should_panic(expected = "for class indices convert the target with y.to(DType::I64)")]
    fn a_float_target() {
        Tensor::zeros([2, 10]).cross_entropy(&Tensor::zeros([2]));
    }
}
