//! `binary_cross_entropy`, and the same of logits.

use super::logsigmoid::logsigmoid;
use super::loss::{Reduction, same_shape};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::error::{ShapeError, raise};
use crate::ops::binary::both;
use crate::tensor::Tensor;

/// The least logarithm, so that a loss is finite.
const LEAST_LOGARITHM: f64 = -100.0;
/// The least product x (1 - x) that a gradient is divided by.
const LEAST_PRODUCT: f64 = 1e-12;

/// Of probabilities x and targets y, element by element. Its own derivative is finite at 0 and 1.
struct BinaryCrossEntropy;

impl Operation for BinaryCrossEntropy {
    const NAME: &'static str = "binary_cross_entropy";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        let (x, y) = (inputs[0], inputs[1]);
        let (of_one, of_zero) = (x.log().clamp_min(LEAST_LOGARITHM), (-x).log1p().clamp_min(LEAST_LOGARITHM));
        (y - 1.0) * of_zero - y * of_one
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (x, y) = (context.input(0), context.input(1));
        both(
            context,
            || grad * (&x - &y) / ((1.0 - &x) * &x).clamp_min(LEAST_PRODUCT),
            || grad * ((-&x).log1p() - x.log()),
        )
    }
}

/// -(y ln x + (1 - y) ln(1 - x)) of probabilities x and targets y, both from 0 to 1:
/// [`torch.nn.functional.binary_cross_entropy`](https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html).
/// Logarithms below -100 are taken as -100, so that a probability of 0 gives no infinity.
///
/// # Args
/// - `weight`: a factor for each loss, which can be broadcast, if any.
///
/// # Shape
/// `x` and `target` have one shape.
///
/// # Panics
/// If the shapes differ, or a probability is not from 0 to 1.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, binary_cross_entropy}};
/// let loss = binary_cross_entropy(&Tensor::new([0.5]), &Tensor::new([1.0]), None, Reduction::Mean);
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn binary_cross_entropy(x: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: Reduction) -> Tensor {
    same_shape("binary_cross_entropy", x, target);
    let outside = |x: &Tensor| x.detach().lt(0.0).logical_or(&x.detach().gt(1.0)).any();
    if !x.is_meta() && outside(x).item() != 0.0 {
        raise(
            ShapeError::new("binary_cross_entropy", "the input holds numbers outside 0 to 1")
                .help("give probabilities (sigmoid), or use binary_cross_entropy_with_logits on the raw output"),
        );
    }
    let losses = apply(BinaryCrossEntropy, &[x, target]);
    reduction.apply(match weight {
        Some(weight) => losses * weight,
        None => losses,
    })
}

/// [`binary_cross_entropy`] of sigmoid(x), computed from x itself, which is more accurate:
/// [`torch.nn.functional.binary_cross_entropy_with_logits`](https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html).
///
/// # Args
/// - `weight`: a factor for each loss, which can be broadcast, if any.
/// - `pos_weight`: a factor for the part of the targets that are 1, which can be broadcast: the number of negative
///   examples for each positive one evens them out.
///
/// # Shape
/// `x` and `target` have one shape.
///
/// # Panics
/// If the shapes differ.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, binary_cross_entropy_with_logits}};
/// let (scores, target) = (Tensor::new([0.0, 1000.0]), Tensor::new([1.0, 1.0]));
/// let loss = binary_cross_entropy_with_logits(&scores, &target, None, None, Reduction::Sum);
/// assert!((loss.item() - 2f64.ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn binary_cross_entropy_with_logits(
    x: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    pos_weight: Option<&Tensor>,
    reduction: Reduction,
) -> Tensor {
    same_shape("binary_cross_entropy_with_logits", x, target);
    let log = match pos_weight {
        Some(pos_weight) => logsigmoid(x) * ((pos_weight - 1.0) * target + 1.0),
        None => logsigmoid(x),
    };
    let losses = (1.0 - target) * x - log;
    reduction.apply(match weight {
        Some(weight) => losses * weight,
        None => losses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let unit = |x: Tensor| x.detach().sigmoid().requires_grad_();
        let (x, y) = (unit(variable([2, 3])), unit(variable([2, 3])));
        let weight = variable([3]).detach().abs();
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            check(|x| binary_cross_entropy(x[0], x[1], None, reduction), &[&x, &y]);
            check(|x| binary_cross_entropy(x[0], x[1], Some(&weight), reduction), &[&x, &y]);
            check(
                |x| binary_cross_entropy_with_logits(x[0], x[1], Some(&weight), Some(x[2]), reduction),
                &[&variable([2, 3]), &y, &variable([3])],
            );
        }
    }

    #[test]
    fn certain_probabilities_have_finite_losses_and_gradients() {
        let x = Tensor::new([0.0, 1.0, 0.0]).requires_grad_();
        let losses = binary_cross_entropy(&x, &Tensor::new([1.0, 1.0, 0.0]), None, Reduction::None);
        assert_eq!(losses.to_vec::<f32>(), [100.0, 0.0, 0.0]);
        losses.sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [-1e12, 0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "binary_cross_entropy: the input holds numbers outside 0 to 1")]
    fn scores_are_no_probabilities() {
        binary_cross_entropy(&Tensor::new([1.5]), &Tensor::new([1.0]), None, Reduction::Mean);
    }
}
