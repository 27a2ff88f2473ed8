//! `triplet_margin_loss`, and the same with a distance of the user's own.

use super::loss::Reduction;
use super::pairwise_distance::pairwise_distance;
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// The options of [`triplet_margin_loss`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripletMarginLossOptions {
    /// How much nearer the like is to be than the unlike.
    pub margin: f64,
    /// The degree of the norm that measures distance.
    pub p: f64,
    /// Keeps the gradient finite where two are equal.
    pub eps: f64,
    /// Whether the distance of the unlike is taken from the anchor or the like, whichever is nearer.
    pub swap: bool,
    /// What becomes of the losses of the samples.
    pub reduction: Reduction,
}

impl Default for TripletMarginLossOptions {
    fn default() -> Self {
        Self { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

/// max(0, d(anchor, positive) - d(anchor, negative) + margin):
/// [`torch.nn.functional.triplet_margin_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html)
/// (Balntas et al., *Learning shallow convolutional feature descriptors with triplet losses*, 2016).
///
/// # Shape
/// Three of shape (n, d) or (d).
///
/// # Panics
/// If the shapes differ in their number of dimensions, or the margin is not positive.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::triplet_margin_loss};
/// let (anchor, like, unlike) = (Tensor::new([[0.0]]), Tensor::new([[1.0]]), Tensor::new([[1.5]]));
/// let loss = triplet_margin_loss(&anchor, &like, &unlike, &Default::default());
/// assert!((loss.item() - 0.5).abs() < 1e-5);
/// ```
#[track_caller]
pub fn triplet_margin_loss(
    anchor: &Tensor,
    positive: &Tensor,
    negative: &Tensor,
    options: &TripletMarginLossOptions,
) -> Tensor {
    let distance = |a: &Tensor, b: &Tensor| pairwise_distance(a, b, options.p, options.eps, false);
    let TripletMarginLossOptions { margin, swap, reduction, .. } = *options;
    triplet_margin_with_distance_loss(anchor, positive, negative, distance, margin, swap, reduction)
}

/// [`triplet_margin_loss`] with any distance:
/// [`torch.nn.functional.triplet_margin_with_distance_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html).
///
/// # Args
/// - `distance`: a function of two batches of vectors.
/// - `margin`: how much nearer the like is to be than the unlike, 1 in PyTorch unless given.
/// - `swap`: whether the distance of the unlike is taken from the anchor or the like, whichever is nearer.
///
/// # Panics
/// If the shapes differ in their number of dimensions, or the margin is not positive.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, triplet_margin_with_distance_loss}};
/// let (anchor, like, unlike) = (Tensor::new([[0.0]]), Tensor::new([[1.0]]), Tensor::new([[3.0]]));
/// let city_block = |a: &Tensor, b: &Tensor| (a - b).abs().sum_dim(1, false);
/// let loss = triplet_margin_with_distance_loss(&anchor, &like, &unlike, city_block, 4.0, true, Reduction::Mean);
/// assert_eq!(loss.item(), 1.0 - 2.0 + 4.0);
/// ```
#[track_caller]
pub fn triplet_margin_with_distance_loss(
    anchor: &Tensor,
    positive: &Tensor,
    negative: &Tensor,
    distance: impl Fn(&Tensor, &Tensor) -> Tensor,
    margin: f64,
    swap: bool,
    reduction: Reduction,
) -> Tensor {
    let refuse = |problem: String, help: &str| raise(ShapeError::new("triplet_margin_loss", problem).help(help));
    if margin <= 0.0 {
        refuse(format!("the margin is {margin}"), "choose it positive");
    }
    if anchor.dim() != positive.dim() || anchor.dim() != negative.dim() {
        let shapes = format!("{}, {} and {}", anchor.shape(), positive.shape(), negative.shape());
        refuse(format!("the shapes {shapes} differ in their number of dimensions"), "give three of one shape");
    }
    let mut unlike = distance(anchor, negative);
    if swap {
        unlike = unlike.minimum(&distance(positive, negative));
    }
    reduction.apply((distance(anchor, positive) - unlike + margin).clamp_min(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let inputs = [&variable([3, 4]), &variable([3, 4]), &variable([3, 4])];
        for swap in [false, true] {
            let options = TripletMarginLossOptions { margin: 5.0, swap, ..Default::default() };
            check(|x| triplet_margin_loss(x[0], x[1], x[2], &options), &inputs);
        }
    }

    #[test]
    #[should_panic(expected = "triplet_margin_loss: the margin is 0")]
    fn refusal() {
        let (x, options) = (Tensor::zeros([2, 3]), TripletMarginLossOptions { margin: 0.0, ..Default::default() });
        triplet_margin_loss(&x, &x, &x, &options);
    }
}
