//! `poisson_nll_loss`.

use super::loss::Reduction;
use crate::tensor::Tensor;

/// The negative log-likelihood of counts y from Poisson distributions, eˣ - y x, or without its constants x - y ln(x + ε):
/// [`torch.nn.functional.poisson_nll_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html).
///
/// # Args
/// - `log_input`: whether `x` is the logarithm of the rate, as in PyTorch unless told otherwise, or the rate itself.
/// - `full`: whether ln y! is added, in Stirling's approximation.
/// - `eps`: keeps the logarithm of a rate of 0 finite, 1e-8 in PyTorch unless given.
///
/// # Shape
/// Two that can be broadcast.
///
/// # Panics
/// If the shapes cannot be broadcast.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, poisson_nll_loss}};
/// let loss = poisson_nll_loss(&Tensor::new([0.0]), &Tensor::new([3.0]), true, false, 1e-8, Reduction::Mean);
/// assert_eq!(loss.item(), 1.0);
/// ```
#[track_caller]
pub fn poisson_nll_loss(
    x: &Tensor,
    target: &Tensor,
    log_input: bool,
    full: bool,
    eps: f64,
    reduction: Reduction,
) -> Tensor {
    let mut losses = match log_input {
        true => x.exp() - target * x,
        false => x - target * (x + eps).log(),
    };
    if full {
        // Stirling's formula serves from 2 on; below, ln y! is 0.
        let small = target.detach().le(1.0);
        let y = small.where_(1.0, target);
        let stirling = &y * y.log() - &y + (&y * std::f64::consts::TAU).log() * 0.5;
        losses += small.where_(0.0, &stirling);
    }
    reduction.apply(losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let counts = variable([2, 3]).detach().abs().add(&Tensor::new(1.5)).requires_grad_();
        let rates = variable([2, 3]).detach().abs().requires_grad_();
        for full in [false, true] {
            check(|x| poisson_nll_loss(x[0], x[1], true, full, 1e-8, Reduction::Mean), &[&variable([2, 3]), &counts]);
            check(|x| poisson_nll_loss(x[0], x[1], false, full, 1e-8, Reduction::Sum), &[&rates, &counts]);
        }
    }

    #[test]
    fn stirling_comes_near_the_factorial() {
        let loss = |full| poisson_nll_loss(&Tensor::new(0.0), &Tensor::new(10.0), true, full, 1e-8, Reduction::Sum);
        assert!(((loss(true) - loss(false)).item() - 3_628_800f64.ln()).abs() < 0.01);
    }
}
