//! The elementary functions, written so that a loop over them vectorises.
//!
//! ```text
//! f32  polynomials without branches: the compiler turns a loop over them into vector instructions
//! f64  the standard library's, for checking gradients
//! ```
//! The polynomials are weighted least-squares fits to close to minimax. A fused multiply-add is rounded once, in hardware
//! or not: the same bits on every machine.

use std::f32::consts::{FRAC_2_SQRT_PI, LN_2, LOG2_E, SQRT_2};
use std::ops::{Add, Div, Mul, Neg, Sub};

use bytemuck::Pod;

/// A real number and its functions. Those of `f32` are off by less than four units in the last place.
pub trait Elementary:
    Pod
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Constants are written in `f64`.
    fn of(value: f64) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// 1 / x.
    fn recip(self) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// eˣ for x ≤ 0, a weight beside one of 1: 0 where it would be subnormal. Anything for a larger x.
    fn exp_of_negative(self) -> Self;
    /// 2ˣ.
    fn exp2(self) -> Self;
    /// eˣ - 1, accurate near 0.
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p(self) -> Self;
    /// The logarithm to base 2.
    fn log2(self) -> Self;
    /// The logarithm to base 10.
    fn log10(self) -> Self;
    /// The sine of an angle in radians.
    fn sin(self) -> Self;
    /// The cosine of an angle in radians.
    fn cos(self) -> Self;
    /// The tangent of an angle in radians.
    fn tan(self) -> Self;
    /// The angle of the point (`x`, `self`).
    fn atan2(self, x: Self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// 1 / (1 + e⁻ˣ).
    fn sigmoid(self) -> Self;
    /// The angle between 0 and π whose cosine this is.
    fn acos(self) -> Self;
    /// The positive number whose hyperbolic cosine this is.
    fn acosh(self) -> Self;
    /// The angle between -π/2 and π/2 whose sine this is.
    fn asin(self) -> Self;
    /// The number whose hyperbolic sine this is.
    fn asinh(self) -> Self;
    /// The angle between -π/2 and π/2 whose tangent this is.
    fn atan(self) -> Self;
    /// The number whose hyperbolic tangent this is.
    fn atanh(self) -> Self;
    /// The hyperbolic cosine.
    fn cosh(self) -> Self;
    /// The hyperbolic sine.
    fn sinh(self) -> Self;
    /// √(x² + y²) without overflow in between.
    fn hypot(self, y: Self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// 1 - erf(x), accurate where it is tiny.
    fn erfc(self) -> Self;
    /// The normal distribution Φ(x), accurate where it is tiny, and e^(-x²/2), which is found on the way.
    fn normal(self) -> (Self, Self);
}

/// The functions that both types take from the standard library.
macro_rules! standard {
    ($t:ty: $($name:ident)*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            <$t>::$name(self)
        }
    )*};
}

impl Elementary for f32 {
    standard!(f32: sqrt recip log2 log10 sin cos tan acos acosh asin asinh atan atanh cosh sinh);

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn exp(self) -> Self {
        exp(self)
    }
    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        // No bounds and one power: half the work of `exp`.
        let (k, r) = reduce(self);
        let value = (exp_m1_reduced(r) + 1.0) * power_of_two(k);
        if self < -87.0 { 0.0 } else { value }
    }
    #[inline(always)]
    fn exp2(self) -> Self {
        exp2(self)
    }
    #[inline(always)]
    fn exp_m1(self) -> Self {
        // From here on the 1 is lost in rounding, and 2ᵏ alone would overflow before the result does.
        if self > 80.0 { exp(self) } else { exp_m1(self) }
    }
    #[inline(always)]
    fn ln(self) -> Self {
        ln(self)
    }
    #[inline(always)]
    fn ln_1p(self) -> Self {
        let sum = 1.0 + self;
        let rounded = sum - 1.0;
        // The quotient makes up for what rounding 1 + x has lost.
        if rounded == 0.0 {
            self
        } else if self < 1e8 {
            ln(sum) * (self / rounded)
        } else {
            ln(sum)
        }
    }
    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        f32::atan2(self, x)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let e = exp_m1(-2.0 * self.abs());
        (-e / (e + 2.0)).copysign(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + exp(-self))
    }
    #[inline(always)]
    fn hypot(self, y: Self) -> Self {
        f32::hypot(self, y)
    }
    #[inline(always)]
    fn erf(self) -> Self {
        erf(self)
    }
    fn erfc(self) -> Self {
        libm::erfcf(self)
    }
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        normal(self)
    }
}

impl Elementary for f64 {
    standard!(f64: sqrt recip exp exp2 exp_m1 ln ln_1p log2 log10 sin cos tan tanh acos acosh asin asinh atan atanh cosh sinh);

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        self.exp()
    }
    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        f64::atan2(self, x)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }
    #[inline(always)]
    fn hypot(self, y: Self) -> Self {
        f64::hypot(self, y)
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn erfc(self) -> Self {
        libm::erfc(self)
    }
    fn normal(self) -> (Self, Self) {
        (0.5 * libm::erfc(-self * std::f64::consts::FRAC_1_SQRT_2), (-0.5 * self * self).exp())
    }
}

/// ln 2 in two parts: the first has so few bits that a whole multiple of it is exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// The nearest whole number, twice. Adding 1.5·2²³ leaves it in the last bits of the sum.
#[inline(always)]
fn nearest(x: f32) -> (i32, f32) {
    const ROUND: f32 = 12_582_912.0;
    let sum = x + ROUND;
    ((sum.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32), sum - ROUND)
}

/// `x = k·ln 2 + r` with k whole and |r| ≤ ln 2 / 2.
#[inline(always)]
fn reduce(x: f32) -> (i32, f32) {
    let (k, whole) = nearest(x * LOG2_E);
    (k, whole.mul_add(-LN2_LOW, whole.mul_add(-LN2_HIGH, x)))
}

/// eʳ - 1 for |r| ≤ ln 2 / 2.
#[inline(always)]
fn exp_m1_reduced(r: f32) -> f32 {
    let p = horner(r, [0.5, 0.166_665_73, 0.041_666_362, 0.008_363_776, 0.001_394_216_1]);
    (r * r).mul_add(p, r)
}

/// 2ᵏ for -127 < k < 128.
#[inline(always)]
fn power_of_two(k: i32) -> f32 {
    f32::from_bits((k.wrapping_add(127) as u32) << 23)
}

#[inline(always)]
fn exp(x: f32) -> f32 {
    // Comparisons, not min and max, so that NaN goes through.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (k, r) = reduce(x);
    scaled(exp_m1_reduced(r) + 1.0, k)
}

#[inline(always)]
fn exp2(x: f32) -> f32 {
    let x = if x > 129.0 { 129.0 } else { x };
    let x = if x < -151.0 { -151.0 } else { x };
    let (k, whole) = nearest(x);
    scaled(exp_m1_reduced((x - whole) * LN_2) + 1.0, k)
}

/// `x · 2ᵏ`, in two steps, so that neither power overflows before the result does.
#[inline(always)]
fn scaled(x: f32, k: i32) -> f32 {
    let half = k >> 1;
    x * power_of_two(half) * power_of_two(k.wrapping_sub(half))
}

/// eˣ - 1 for x ≤ 80.
#[inline(always)]
fn exp_m1(x: f32) -> f32 {
    let x = if x > 80.0 { 80.0 } else { x };
    let bounded = if x < -30.0 { -30.0 } else { x };
    let (k, r) = reduce(bounded);
    let scale = power_of_two(k);
    let value = exp_m1_reduced(r).mul_add(scale, scale - 1.0);
    // Keeps the sign of 0.
    if x == 0.0 { x } else { value }
}

#[inline(always)]
fn ln(x: f32) -> f32 {
    const SUBNORMAL: f32 = 8_388_608.0;
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * SUBNORMAL } else { x };
    let root = (SQRT_2 / 2.0).to_bits() as i32;
    let bits = (scaled.to_bits() as i32).wrapping_sub(root);
    let exponent = (bits >> 23) as f32 - if tiny { 23.0 } else { 0.0 };
    let m = f32::from_bits((bits & 0x007f_ffff).wrapping_add(root) as u32) - 1.0;
    let p = horner(
        m,
        [
            0.333_333_27,
            -0.250_002_8,
            0.200_018_8,
            -0.166_434_88,
            0.141_902_38,
            -0.129_434_2,
            0.127_988_97,
            -0.083_053_78,
        ],
    );
    let value = m + (m * m * m * p + exponent * LN2_LOW - 0.5 * m * m) + exponent * LN2_HIGH;
    let value = if x == f32::INFINITY { x } else { value };
    let value = if x == 0.0 { f32::NEG_INFINITY } else { value };
    if x >= 0.0 { value } else { f32::NAN }
}

/// Near 0 a polynomial in x²; further out 1 - erfc(x), whose logarithm is a polynomial in x.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let magnitude = x.abs();
    let far = if magnitude > 4.0 { 4.0 } else { magnitude };
    let near = x * horner(
        x * x,
        [FRAC_2_SQRT_PI, -0.376_126_27, 0.112_836, -0.026_854_444, 0.005_189_535, -8.020_841e-4, 7.889_12e-5],
    );
    let log_erfc = horner(
        far,
        [-2.447_136e-4, -1.127_475, -0.637_517, -0.103_640_325, 0.022_087_642, -0.003_008_537_4, 1.924_260_8e-4],
    );
    let value = (1.0 - exp(log_erfc)).copysign(x);
    if magnitude < 1.0 { near } else { value }
}

/// With u = |x|, 1 - Φ(u) = e^(-u²/2) m(u), where m is smooth and slow, a quotient of polynomials without cancellation: one
/// exponential serves for the distribution and its derivative.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let magnitude = x.abs();
    // Further out the exponential is 0.
    let u = if magnitude > 14.0 { 14.0 } else { magnitude };
    let power = Elementary::exp_of_negative(-0.5 * u * u);
    let above = horner(u, [0.5, 0.435_919_64, 0.181_478_55, 0.040_041_81, 0.004_028_679]);
    let below = horner(u, [1.0, 1.669_724_2, 1.195_200_1, 0.464_833_68, 0.100_377_224, 0.010_098_26]);
    let tail = power * (above / below);
    (if x > 0.0 { 1.0 - tail } else { tail }, power)
}

/// The polynomial with these coefficients, the constant first.
#[inline(always)]
fn horner<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients.iter().rev().fold(0.0, |sum, &coefficient| sum.mul_add(x, coefficient))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `f`, in units in the last place of the exact value, over `from..=to`.
    fn worst(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let steps = 200_000;
        (0..=steps)
            .map(|i| from + (to - from) * (i as f32 / steps as f32))
            .map(|x| {
                let (y, exact) = (f(x), exact(f64::from(x)));
                let rounded = exact as f32;
                let unit = f64::from(f32::from_bits((rounded.abs().to_bits() + 1).min(f32::MAX.to_bits())))
                    - f64::from(rounded.abs());
                (f64::from(y) - exact).abs() / unit.max(f64::from(f32::MIN_POSITIVE) * f64::from(f32::EPSILON))
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn errors_are_below_four_units() {
        let cases: [(&str, f64); 13] = [
            ("exp", worst(Elementary::exp, f64::exp, -87.0, 88.7)),
            ("exp near 0", worst(Elementary::exp, f64::exp, -1.0, 1.0)),
            ("exp of negative", worst(Elementary::exp_of_negative, f64::exp, -87.0, 0.0)),
            ("exp2", worst(Elementary::exp2, f64::exp2, -125.0, 127.9)),
            ("exp_m1", worst(Elementary::exp_m1, f64::exp_m1, -40.0, 88.7)),
            ("exp_m1 near 0", worst(Elementary::exp_m1, f64::exp_m1, -0.01, 0.01)),
            ("ln", worst(Elementary::ln, f64::ln, 1e-38, 4.0)),
            ("ln of large", worst(Elementary::ln, f64::ln, 4.0, 1e30)),
            ("ln_1p", worst(Elementary::ln_1p, f64::ln_1p, -0.9, 3.0)),
            ("tanh", worst(Elementary::tanh, f64::tanh, -10.0, 10.0)),
            ("normal", worst(|x| x.normal().0, |x| x.normal().0, -1.0, 9.0)),
            ("normal's power", worst(|x| x.normal().1, |x| x.normal().1, -2.0, 2.0)),
            ("erf", worst(Elementary::erf, libm::erf, -5.0, 5.0)),
        ];
        for (name, error) in cases {
            assert!(error < 4.0, "{name}: {error} units");
        }
        assert!(worst(Elementary::sigmoid, |x| 1.0 / (1.0 + (-x).exp()), -80.0, 20.0) < 4.0);
    }

    #[test]
    fn the_ends_of_the_line() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        assert_eq!([exp(inf), exp(-inf), exp(100.0), exp(-110.0)], [inf, 0.0, inf, 0.0]);
        // Far below 0 the error of x² / 2 grows to its own size times that of the exponential.
        for i in 0..1200 {
            let x = -(i as f32) / 100.0;
            let (found, exact) = (f64::from(x.normal().0), f64::from(x).normal().0);
            assert!((found / exact - 1.0).abs() < 3e-7 + 6e-8 * f64::from(x * x), "{x}: {found} instead of {exact}");
        }
        assert_eq!([inf, -inf, 20.0, -20.0, 0.0].map(|x: f32| x.normal().0), [1.0, 0.0, 1.0, 0.0, 0.5]);
        assert!(nan.normal().0.is_nan() && nan.normal().1.is_nan());
        let weights = [0.0, -inf, -88.0, f32::MIN].map(Elementary::exp_of_negative);
        assert!(weights == [1.0, 0.0, 0.0, 0.0] && Elementary::exp_of_negative(nan).is_nan());
        assert_eq!([exp2(inf), exp2(-inf), exp2(-149.0), exp2(10.0)], [inf, 0.0, f32::from_bits(1), 1024.0]);
        assert_eq!([Elementary::exp_m1(inf), Elementary::exp_m1(-inf)], [inf, -1.0]);
        assert_eq!([ln(inf), ln(0.0), ln(-0.0), ln(1.0)], [inf, -inf, -inf, 0.0]);
        assert_eq!([Elementary::ln_1p(inf), Elementary::ln_1p(-1.0), Elementary::ln_1p(1e-20)], [inf, -inf, 1e-20]);
        assert_eq!([Elementary::tanh(inf), Elementary::tanh(-inf)], [1.0, -1.0]);
        assert_eq!([erf(inf), erf(-inf)], [1.0, -1.0]);
        assert_eq!([Elementary::sigmoid(inf), Elementary::sigmoid(-inf), Elementary::sigmoid(-100.0)], [1.0, 0.0, 0.0]);
        assert!([exp(nan), exp2(nan), ln(nan), ln(-1.0), erf(nan)].iter().all(|x| x.is_nan()));
        assert!(Elementary::exp_m1(nan).is_nan() && Elementary::tanh(nan).is_nan() && Elementary::ln_1p(nan).is_nan());
        assert!((f64::from(ln(1e-42)) - f64::from(1e-42f32).ln()).abs() < 1e-5);
        assert!((f64::from(exp(-100.0)) / f64::from(-100f32).exp() - 1.0).abs() < 0.02);
        assert!(Elementary::tanh(-0.0f32).is_sign_negative() && Elementary::exp_m1(-0.0f32).is_sign_negative());
    }
}
