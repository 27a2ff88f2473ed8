//! `tanh`.

use super::curve::{Curve, Of, apply_curve};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Tanh;

impl Curve for Tanh {
    const NAME: &'static str = "tanh";
    const OF: Of = Of::Output;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.tanh()
    }

    #[inline(always)]
    fn gradient<F: Real>(self, grad: F, y: F) -> F {
        grad * (F::ONE - y * y)
    }

    fn curvature(self, y: &Tensor) -> Option<Tensor> {
        Some(y * -2.0)
    }
}

impl Tensor {
    /// The hyperbolic tangent of every element: [`torch.tanh`](https://pytorch.org/docs/stable/generated/torch.tanh.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0]).tanh().to_vec::<f32>(), [0.0]);
    /// ```
    #[track_caller]
    pub fn tanh(&self) -> Tensor {
        apply_curve(Tanh, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.tanh(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
