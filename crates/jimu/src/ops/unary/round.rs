//! `round`.

use super::{Unary, UnaryNumber, apply_unary, apply_unary_number};
use crate::autograd::{Context, Saves};
use crate::ops::numeric::{Number, Real};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Round;

impl UnaryNumber for Round {
    const NAME: &'static str = "round";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, x: N) -> N {
        x.round()
    }

    fn gradient(self, _context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad.zeros_like()
    }
}

#[derive(Clone, Copy)]
struct RoundDecimals {
    power_of_ten: f64,
    /// Whether the digits counted are before the point.
    before: bool,
}

impl Unary for RoundDecimals {
    const NAME: &'static str = "round";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<F: Real>(self, x: F) -> F {
        let power = F::of(self.power_of_ten);
        if self.before { (x / power).round() * power } else { (x * power).round() / power }
    }

    fn gradient(self, _context: &Context<'_>, grad: &Tensor) -> Tensor {
        grad.zeros_like()
    }
}

impl Tensor {
    /// Every element rounded to the nearest whole number, halves to the even one:
    /// [`torch.round`](https://pytorch.org/docs/stable/generated/torch.round.html). Its derivative is 0. Whole numbers
    /// stay as they are.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If the elements are truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.5, 1.5, -2.6]).round().to_vec::<f32>(), [0.0, 2.0, -3.0]);
    /// ```
    #[track_caller]
    pub fn round(&self) -> Tensor {
        apply_unary_number(Round, self)
    }

    /// Every element rounded to `decimals` digits after the point: `torch.round(x, decimals=…)`. Its derivative is 0.
    /// Whole numbers, but for truth values, stay as they are.
    ///
    /// # Args
    /// - `decimals`: how many digits; if negative, digits before the point, so that -2 rounds to hundreds.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.125, 7.0625]).round_decimals(1).to_vec::<f32>(), [0.1, 7.1]);
    /// assert_eq!(Tensor::new([1234.5]).round_decimals(-2).to_vec::<f32>(), [1200.0]);
    /// ```
    #[track_caller]
    pub fn round_decimals(&self, decimals: i32) -> Tensor {
        if decimals == 0 || !self.dtype().is_floating_point() {
            return self.round();
        }
        apply_unary(RoundDecimals { power_of_ten: 10f64.powi(decimals.abs()), before: decimals < 0 }, self)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check_unary(|x| x.round(), &[-2.6, -0.4, 0.3, 1.7]);
        check_unary(|x| x.round_decimals(1), &[-2.61, -0.42, 0.33, 1.79]);
    }

    #[test]
    fn halves_go_to_even() {
        let x = Tensor::new([-1.5, -0.5, 0.5, 1.5, 2.5]);
        assert_eq!(x.round().to_vec::<f32>(), [-2.0, 0.0, 0.0, 2.0, 2.0]);
    }
}
