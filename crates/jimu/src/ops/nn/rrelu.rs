//! `rrelu`.

use crate::error::{ShapeError, raise};
use crate::nn::functional::leaky_relu;
use crate::tensor::Tensor;

/// x where x > 0, a·x elsewhere, with a slope a from `lower` to `upper`:
/// [`torch.nn.functional.rrelu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html).
///
/// # Args
/// - `lower`, `upper`: the range of the slopes, 1/8 to 1/3 in PyTorch unless given.
/// - `training`: whether each element has a random slope; otherwise all have the middle one.
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If `lower` is above `upper`, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// assert_eq!(F::rrelu(&Tensor::new([-2.0, 3.0]), 0.25, 0.75, false).to_vec::<f32>(), [-1.0, 3.0]);
/// ```
#[track_caller]
pub fn rrelu(x: &Tensor, lower: f64, upper: f64, training: bool) -> Tensor {
    if lower > upper {
        let problem = format!("the least slope {lower} is above the greatest, {upper}");
        raise(ShapeError::new("rrelu", problem).help("give lower ≤ upper"));
    }
    if !training || x.is_meta() {
        return leaky_relu(x, (lower + upper) / 2.0);
    }
    let slopes = (Tensor::rand(x.size()) * (upper - lower) + lower).to(x.dtype());
    x.gt(0.0).where_(x, &(x * slopes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| rrelu(x, 0.1, 0.3, false), &[-2.0, -0.5, 0.7]);
    }

    #[test]
    fn every_element_has_its_own_slope() {
        let x = (-Tensor::ones([1000])).requires_grad_();
        let y = rrelu(&x, 0.2, 0.6, true);
        y.sum().backward();
        let slopes = x.grad().unwrap().to_vec::<f32>();
        assert!(slopes.iter().all(|slope| (0.2..=0.6).contains(slope)));
        assert!((y.mean().item() + 0.4).abs() < 0.02 && slopes[0] != slopes[1]);
    }

    #[test]
    #[should_panic(expected = "rrelu: the least slope 0.5 is above the greatest, 0.25")]
    fn refusal() {
        rrelu(&Tensor::zeros([2]), 0.5, 0.25, true);
    }
}
