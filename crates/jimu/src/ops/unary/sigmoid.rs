//! `sigmoid`.

use super::curve::{Curve, Of, apply_curve};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Sigmoid;

impl Curve for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const OF: Of = Of::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.sigmoid()
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, y: F) -> F {
        grad * (y * (F::ONE - y))
    }

    fn curvature(self, y: &Tensor) -> Option<Tensor> {
        Some(1.0 - y * 2.0)
    }
}

impl Tensor {
    /// The logistic function 1 / (1 + e⁻ˣ) of every element: [`torch.sigmoid`](https://pytorch.org/docs/stable/generated/torch.sigmoid.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0]).sigmoid().to_vec::<f32>(), [0.5]);
    /// ```
    #[track_caller]
    pub fn sigmoid(&self) -> Tensor {
        apply_curve(Sigmoid, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.sigmoid(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
