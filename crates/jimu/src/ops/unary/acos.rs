//! `acos`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Acos;

impl Unary for Acos {
    const NAME: &'static str = "acos";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.acos()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let x = context.input(0);
        -(grad * (1.0 - x.square()).rsqrt())
    }
}

impl Tensor {
    /// The angle between 0 and π whose cosine each element is, in radians:
    /// [`torch.acos`](https://pytorch.org/docs/stable/generated/torch.acos.html). NaN outside -1 to 1. Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).acos().to_vec::<f32>(), [std::f32::consts::FRAC_PI_2, 0.0]);
    /// ```
    #[track_caller]
    pub fn acos(&self) -> Tensor {
        apply_unary(Acos, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.acos(), &[-0.8, -0.3, 0.0, 0.5]);
    }
}
