//! `erf`.

use super::{Unary, apply_unary};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::Real;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Erf;

impl Unary for Erf {
    const NAME: &'static str = "erf";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        x.erf()
    }

    fn gradient(self, context: &Context<'_>, grad: &Tensor) -> Tensor {
        let x = context.input(0);
        grad * ((&x * -&x).exp() * std::f64::consts::FRAC_2_SQRT_PI)
    }
}

impl Tensor {
    /// The error function 2/√π ∫₀ˣ e^(-t²) dt of every element:
    /// [`torch.erf`](https://pytorch.org/docs/stable/generated/torch.erf.html). Whole numbers are
    /// converted to `f32` first.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 5.0]).erf().to_vec::<f32>(), [0.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn erf(&self) -> Tensor {
        apply_unary(Erf, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.erf(), &[-2.0, -0.5, 0.0, 0.7, 3.0]);
    }
}
