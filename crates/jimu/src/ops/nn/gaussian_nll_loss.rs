//! `gaussian_nll_loss`.

use super::loss::Reduction;
use crate::error::{OrRaise, ShapeError, raise};
use crate::tensor::Tensor;

/// The variances in a shape that fits the input: one each, or one for each vector, with or without its dimension.
fn fitted(x: &Tensor, var: &Tensor) -> Result<Tensor, ShapeError> {
    let (input, given) = (x.shape(), var.shape());
    let one_each_vector = !input.is_empty() && input[..input.len() - 1] == given[..];
    let differing: Vec<usize> = match input.len() == given.len() {
        true => (0..given.len()).filter(|&dim| input[dim] != given[dim]).map(|dim| given[dim]).collect(),
        false => vec![0],
    };
    match () {
        _ if input == given || differing == [1] => Ok(var.clone()),
        _ if one_each_vector => Ok(var.unsqueeze(-1)),
        _ => Err(ShapeError::new(
            "gaussian_nll_loss",
            format!("variances of shape {given} do not fit an input of shape {input}"),
        )
        .help("give one variance for each element, or for each vector (the last dimension)")),
    }
}

/// The negative log-likelihood of targets y from normal distributions of means x and variances v,
/// ½ (ln v + (x - y)² / v):
/// [`torch.nn.functional.gaussian_nll_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html).
///
/// # Args
/// - `full`: whether the constant ½ ln 2π is added.
/// - `eps`: the least variance, 1e-6 in PyTorch unless given. It does not stop the gradient of a smaller one.
///
/// # Shape
/// - `x`, `target`: one shape; `var`: the same, or without the last dimension, or with a 1 in one place.
///
/// # Panics
/// If the shapes do not fit, or a variance is negative.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, gaussian_nll_loss}};
/// let (mean, target, var) = (Tensor::new([1.0]), Tensor::new([3.0]), Tensor::new([1.0]));
/// assert_eq!(gaussian_nll_loss(&mean, &target, &var, false, 1e-6, Reduction::Mean).item(), 2.0);
/// ```
#[track_caller]
pub fn gaussian_nll_loss(
    x: &Tensor,
    target: &Tensor,
    var: &Tensor,
    full: bool,
    eps: f64,
    reduction: Reduction,
) -> Tensor {
    if !var.is_meta() && var.detach().lt(0.0).any().item() != 0.0 {
        let help = "give variances, as from exp or softplus, not standard deviations or logarithms";
        raise(ShapeError::new("gaussian_nll_loss", "a variance is negative").help(help));
    }
    let var = fitted(x, var).or_raise();
    let lifted = var.detach().clamp_min(eps) - var.detach();
    let var = var + lifted;
    let mut losses = (var.log() + (x - target).square() / &var) * 0.5;
    if full {
        losses += 0.5 * std::f64::consts::TAU.ln();
    }
    reduction.apply(losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for shape in [&[2, 3][..], &[2], &[2, 1]] {
            let var = variable(shape).detach().abs().requires_grad_();
            let f = |x: &[&Tensor]| gaussian_nll_loss(x[0], x[1], x[2], true, 1e-6, Reduction::Mean);
            check(f, &[&variable([2, 3]), &variable([2, 3]), &var]);
        }
    }

    #[test]
    fn a_vanishing_variance_is_lifted() {
        let loss =
            gaussian_nll_loss(&Tensor::new(1.0), &Tensor::new(1.0), &Tensor::new(0.0), false, 0.5, Reduction::Sum);
        assert!((loss.item() - 0.5 * 0.5f64.ln()).abs() < 1e-6);
    }

    #[test]
    #[should_panic(expected = "gaussian_nll_loss: variances of shape [3] do not fit an input of shape [2, 3]")]
    fn refusal() {
        let zeros = Tensor::zeros([2, 3]);
        gaussian_nll_loss(&zeros, &zeros, &Tensor::ones([3]), false, 1e-6, Reduction::Mean);
    }
}
