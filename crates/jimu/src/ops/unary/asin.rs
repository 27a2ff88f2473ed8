//! `asin`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Asin;

impl Unary for Asin {
    const NAME: &'static str = "asin";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.asin()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad * (1.0 - context.input(0).square()).rsqrt()
    }
}

impl Tensor {
    /// The angle between -π/2 and π/2 whose sine each element is, in radians:
    /// [`torch.asin`](https://pytorch.org/docs/stable/generated/torch.asin.html). NaN outside -1 to 1. Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 1.0]).asin().to_vec::<f32>(), [0.0, std::f32::consts::FRAC_PI_2]);
    /// ```
    #[track_caller]
    pub fn asin(&self) -> Tensor {
        apply_unary(Asin, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.asin(), &[-0.8, -0.3, 0.0, 0.5]);
    }
}
