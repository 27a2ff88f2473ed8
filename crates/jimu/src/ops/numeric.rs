//! The arithmetic that element-wise operations are written in, for every element type at once.

use std::ops::{Add, Mul, Sub};

pub(crate) use jimu_kernels::math::Elementary;

/// A number of any type but `bool`. Whole numbers wrap around, as PyTorch's do.
pub(crate) trait Number:
    Copy + PartialOrd + bytemuck::Pod + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    /// The smallest and the largest value: for real numbers, the infinities.
    const LOWEST: Self;
    const HIGHEST: Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn is_nan(self) -> bool;
    fn abs(self) -> Self;
    /// -1, 0 or 1; 0 for NaN, as PyTorch has it.
    fn sign(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    /// To the nearest whole number, halves to the even one.
    fn round(self) -> Self;
    /// The rest of the division rounded towards zero: it has the sign of `self`. The divisor of whole numbers is not 0.
    fn fmod(self, divisor: Self) -> Self;
    /// The quotient rounded down.
    fn divide_floor(self, divisor: Self) -> Self;
    /// The quotient rounded towards zero.
    fn divide_trunc(self, divisor: Self) -> Self;
    /// `self` to the power of `exponent`; of whole numbers, rounded towards zero.
    fn power(self, exponent: Self) -> Self;

    /// The rest of the division rounded down: it has the sign of the divisor.
    #[inline(always)]
    fn remainder(self, divisor: Self) -> Self {
        let rest = self.fmod(divisor);
        let opposite = (rest < Self::ZERO) != (divisor < Self::ZERO);
        if rest != Self::ZERO && opposite { rest.plus(divisor) } else { rest }
    }
}

macro_rules! real_number {
    ($($t:ty),*) => {$(
        impl Number for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOWEST: Self = <$t>::NEG_INFINITY;
            const HIGHEST: Self = <$t>::INFINITY;
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn sign(self) -> Self {
                <$t>::from(i8::from(self > 0.0) - i8::from(self < 0.0))
            }
            #[inline(always)]
            fn floor(self) -> Self {
                <$t>::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                <$t>::ceil(self)
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                <$t>::trunc(self)
            }
            #[inline(always)]
            fn round(self) -> Self {
                self.round_ties_even()
            }
            #[inline(always)]
            fn fmod(self, divisor: Self) -> Self {
                self % divisor
            }
            fn divide_floor(self, divisor: Self) -> Self {
                if divisor == 0.0 {
                    return self / divisor;
                }
                // From the remainder, which is exact: the rounded quotient may have reached the next whole number.
                let quotient = (self - self.remainder(divisor)) / divisor;
                if quotient == 0.0 { (0.0 as $t).copysign(self / divisor) } else { quotient.round_ties_even() }
            }
            #[inline(always)]
            fn divide_trunc(self, divisor: Self) -> Self {
                (self / divisor).trunc()
            }
            #[inline(always)]
            fn power(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
        }
    )*};
}
real_number!(f32, f64);

macro_rules! whole_number {
    ($($t:ty: $abs:expr, $sign:expr;)*) => {$(
        impl Number for $t {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const LOWEST: Self = <$t>::MIN;
            const HIGHEST: Self = <$t>::MAX;
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $abs(self)
            }
            #[inline(always)]
            fn sign(self) -> Self {
                $sign(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                self
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                self
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                self
            }
            #[inline(always)]
            fn round(self) -> Self {
                self
            }
            #[inline(always)]
            fn fmod(self, divisor: Self) -> Self {
                self.wrapping_rem(divisor)
            }
            #[inline(always)]
            fn divide_floor(self, divisor: Self) -> Self {
                let quotient = self.wrapping_div(divisor);
                if self.remainder(divisor) == self.fmod(divisor) { quotient } else { quotient.wrapping_sub(1) }
            }
            #[inline(always)]
            fn divide_trunc(self, divisor: Self) -> Self {
                self.wrapping_div(divisor)
            }
            fn power(self, exponent: Self) -> Self {
                if exponent < Self::ZERO {
                    return match Number::abs(self) {
                        1 if exponent % 2 == 0 => 1,
                        1 => self,
                        _ => 0,
                    };
                }
                let (mut result, mut square, mut rest): (Self, Self, Self) = (1, self, exponent);
                while rest > 0 {
                    if rest % 2 == 1 {
                        result = result.wrapping_mul(square);
                    }
                    square = square.wrapping_mul(square);
                    rest /= 2;
                }
                result
            }
        }
    )*};
}
whole_number! {
    i64: i64::wrapping_abs, i64::signum;
    u8: |x| x, |x: u8| x.min(1);
}

/// A real number: arithmetic and the elementary functions.
pub(crate) trait Real: Number + Elementary {}
impl<F: Number + Elementary> Real for F {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_and_quotients_of_every_sign() {
        for (a, b, floor, trunc, remainder, fmod) in [
            (7, 3, 2, 2, 1, 1),
            (-7, 3, -3, -2, 2, -1),
            (7, -3, -3, -2, -2, 1),
            (-7, -3, 2, 2, -1, -1),
            (6, -3, -2, -2, 0, 0),
        ] {
            let (x, y) = (i64::from(a), i64::from(b));
            assert_eq!([x.divide_floor(y), x.divide_trunc(y)], [floor, trunc]);
            assert_eq!([x.remainder(y), x.fmod(y)], [remainder, fmod]);
            let (x, y) = (a as f32, b as f32);
            assert_eq!([x.divide_floor(y), x.divide_trunc(y)], [floor as f32, trunc as f32]);
            assert_eq!([x.remainder(y), x.fmod(y)], [remainder as f32, fmod as f32]);
        }
        // 1 / 0.1 rounds to 10, but 0.1 is a little more than a tenth.
        assert_eq!(1f64.divide_floor(0.1), 9.0);
        assert_eq!(1f32.divide_floor(0.0), f32::INFINITY);
        assert_eq!(i64::MIN.divide_trunc(-1), i64::MIN);
    }

    #[test]
    fn powers_of_whole_numbers() {
        assert_eq!([3i64.power(4), (-2i64).power(3), 5i64.power(0), 2i64.power(-1)], [81, -8, 1, 0]);
        assert_eq!([(-1i64).power(-3), (-1i64).power(-2), 1i64.power(-5)], [-1, 1, 1]);
        assert_eq!(2u8.power(9), 0);
    }
}
