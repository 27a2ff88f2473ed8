//! `leaky_relu`.

use crate::ops::numeric::Real;
use crate::ops::unary::curve::{Curve, Of, apply_activation};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct LeakyRelu {
    negative_slope: f64,
}

impl Curve for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const OF: Of = Of::Input;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        if x > F::ZERO { x } else { x * F::of(self.negative_slope) }
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, x: F) -> F {
        if x > F::ZERO { grad } else { grad * F::of(self.negative_slope) }
    }

    fn curvature(self, _x: &Tensor) -> Option<Tensor> {
        None
    }
}

/// x where it is positive, `negative_slope` · x elsewhere:
/// [`torch.nn.functional.leaky_relu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html).
///
/// # Args
/// - `negative_slope`: the slope below 0, 0.01 in PyTorch unless given.
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// assert_eq!(F::leaky_relu(&Tensor::new([-2.0, 3.0]), 0.5).to_vec::<f32>(), [-1.0, 3.0]);
/// ```
#[track_caller]
pub fn leaky_relu(x: &Tensor, negative_slope: f64) -> Tensor {
    apply_activation(LeakyRelu { negative_slope }, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| leaky_relu(x, 0.01), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
        check_unary(|x| leaky_relu(x, 0.5), &[-2.0, -0.5, 0.2, 0.7, 3.0]);
    }
}
