//! `atan`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Atan;

impl Unary for Atan {
    const NAME: &'static str = "atan";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.atan()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad / (context.input(0).square() + 1.0)
    }
}

impl Tensor {
    /// The angle between -π/2 and π/2 whose tangent each element is, in radians:
    /// [`torch.atan`](https://pytorch.org/docs/stable/generated/torch.atan.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).atan().to_vec::<f32>(), [0.0, std::f32::consts::FRAC_PI_4]);
    /// ```
    #[track_caller]
    pub fn atan(&self) -> Tensor {
        apply_unary(Atan, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.atan(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
