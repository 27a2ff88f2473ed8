//! The transforms of a line. The [parent](super) has the formulas.
//!
//! The points are 0, a few pairs `±p` and infinity. Even and odd powers of a pair differ by a sign at most, so each is
//! summed once for both: all matrices follow from the points, for any number of outputs and taps.

use pulp::Simd;

use crate::lanes::Lanes;

/// Most points of a rule.
pub(super) const MAX_POINTS: usize = 8;

/// As many vectors as a rule has points, or outputs or taps; what lies beyond is not looked at.
pub(super) type Line<V> = [V; MAX_POINTS];

/// The pairs of points besides 0 and infinity; a rule has the first few. Powers of two multiply without rounding.
const PAIRS: [f64; 3] = [1.0, 2.0, 0.5];

/// The polynomial in `x²` that is the product of `x² - p²` over the first `pairs` pairs but `but`: its coefficients.
const fn product(pairs: usize, but: usize) -> [f64; 4] {
    let mut coefficients = [1.0, 0.0, 0.0, 0.0];
    let (mut degree, mut pair) = (0, 0);
    while pair < pairs {
        if pair != but {
            let square = PAIRS[pair] * PAIRS[pair];
            degree += 1;
            let mut j = degree;
            while j > 0 {
                coefficients[j] = coefficients[j - 1] - square * coefficients[j];
                j -= 1;
            }
            coefficients[0] *= -square;
        }
        pair += 1;
    }
    coefficients
}

/// What the weight's transform divides by at each pair, and at 0.
const fn divisors(pairs: usize) -> [f64; 4] {
    let mut divisors = [0.0; 4];
    let mut pair = 0;
    while pair < pairs {
        let (square, polynomial) = (PAIRS[pair] * PAIRS[pair], product(pairs, pair));
        let value = polynomial[0] + square * (polynomial[1] + square * (polynomial[2] + square * polynomial[3]));
        divisors[pair] = 2.0 * square * value;
        pair += 1;
    }
    divisors[3] = product(pairs, pairs)[0];
    divisors
}

/// `base` to the power of `exponent`.
const fn power(base: f64, exponent: usize) -> f64 {
    let (mut power, mut left) = (1.0, exponent);
    while left > 0 {
        power *= base;
        left -= 1;
    }
    power
}

/// The rule of `P` pairs of points on vectors of `T`.
pub(super) struct Rule<T, S, const P: usize>(S, std::marker::PhantomData<T>);

impl<T: Lanes, S: Simd, const P: usize> Rule<T, S, P> {
    /// Points.
    pub const POINTS: usize = 2 * P + 2;
    const LAST: usize = Self::POINTS - 1;
    /// For each pair the product of the others, and at the end the product of all.
    const PRODUCTS: [[f64; 4]; 4] = [product(P, 0), product(P, 1), product(P, 2), product(P, P)];
    const DIVISORS: [f64; 4] = divisors(P);

    #[inline(always)]
    pub fn new(simd: S) -> Self {
        Self(simd, std::marker::PhantomData)
    }

    #[inline(always)]
    fn add(&self, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::add_lanes(self.0, a, b)
    }

    #[inline(always)]
    fn times(&self, factor: f64, a: T::Vector<S>) -> T::Vector<S> {
        T::mul_lanes(self.0, T::splat(self.0, T::nearest(factor)), a)
    }

    /// `factor a + b`.
    #[inline(always)]
    fn plus(&self, factor: f64, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        if factor == 1.0 {
            self.add(a, b)
        } else if factor == -1.0 {
            T::sub_lanes(self.0, b, a)
        } else {
            T::mul_add(self.0, T::splat(self.0, T::nearest(factor)), a, b)
        }
    }

    /// The sums and differences of each pair's values.
    #[inline(always)]
    fn pairs(&self, u: &Line<T::Vector<S>>) -> [[T::Vector<S>; P]; 2] {
        let mut pairs = [[u[0]; P]; 2];
        for pair in 0..P {
            pairs[0][pair] = self.add(u[1 + 2 * pair], u[2 + 2 * pair]);
            pairs[1][pair] = T::sub_lanes(self.0, u[1 + 2 * pair], u[2 + 2 * pair]);
        }
        pairs
    }

    /// `Bᵀ x`: points to points.
    #[inline(always)]
    pub fn input(&self, x: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let mut u = x;
        let all = Self::PRODUCTS[3];
        let (mut zero, mut infinity) = (x[2 * P], x[2 * P + 1]);
        for j in (0..P).rev() {
            zero = self.plus(all[j], x[2 * j], zero);
            infinity = self.plus(all[j], x[2 * j + 1], infinity);
        }
        for pair in 0..P {
            let others = Self::PRODUCTS[pair];
            let (mut even, mut odd) = (x[2 * P], x[2 * P - 1]);
            for j in (0..P - 1).rev() {
                even = self.plus(others[j], x[2 * j + 2], even);
                odd = self.plus(others[j], x[2 * j + 1], odd);
            }
            u[1 + 2 * pair] = self.plus(PAIRS[pair], odd, even);
            u[2 + 2 * pair] = self.plus(-PAIRS[pair], odd, even);
        }
        (u[0], u[Self::LAST]) = (zero, infinity);
        u
    }

    /// `B u`: points to points.
    #[inline(always)]
    pub fn input_back(&self, u: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let mut x = u;
        let [sums, differences] = self.pairs(&u);
        for j in 0..=P {
            let all = Self::PRODUCTS[3][j];
            let (mut even, mut odd) = (u[0], u[Self::LAST]);
            if j < P {
                (even, odd) = (self.times(all, even), self.times(all, odd));
            }
            for pair in 0..P {
                let others = Self::PRODUCTS[pair];
                if j > 0 {
                    even = self.plus(others[j - 1], sums[pair], even);
                }
                if j < P {
                    odd = self.plus(PAIRS[pair] * others[j], differences[pair], odd);
                }
            }
            (x[2 * j], x[2 * j + 1]) = (even, odd);
        }
        x
    }

    /// The values of the polynomial with the coefficients `c` at the points, `A y`: `N` to points. At infinity it is the last
    /// coefficient.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn values<const N: usize>(&self, c: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let mut u = c;
        for pair in 0..P {
            let p = PAIRS[pair];
            let (mut even, mut odd) = (c[0], c[1]);
            for i in 2..N {
                if i % 2 == 0 {
                    even = self.plus(power(p, i), c[i], even);
                } else {
                    odd = self.plus(power(p, i - 1), c[i], odd);
                }
            }
            u[1 + 2 * pair] = self.plus(p, odd, even);
            u[2 + 2 * pair] = self.plus(-p, odd, even);
        }
        (u[0], u[Self::LAST]) = (c[0], c[N - 1]);
        u
    }

    /// The transpose of [`values`](Self::values), `Aᵀ u`: points to `N`.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn values_back<const N: usize>(&self, u: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let mut c = u;
        let pairs = self.pairs(&u);
        for i in 0..N {
            let parity = pairs[i % 2];
            let mut sum = parity[0];
            for pair in 1..P {
                sum = self.plus(power(PAIRS[pair], i), parity[pair], sum);
            }
            if i == 0 {
                sum = self.add(sum, u[0]);
            }
            if i == N - 1 {
                sum = self.add(sum, u[Self::LAST]);
            }
            c[i] = sum;
        }
        c
    }

    /// `G w`: `N` taps to points.
    #[inline(always)]
    pub fn weight<const N: usize>(&self, w: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        self.divide(self.values::<N>(w))
    }

    /// `Gᵀ u`: points to `N` taps.
    #[inline(always)]
    pub fn weight_back<const N: usize>(&self, u: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        self.values_back::<N>(self.divide(u))
    }

    #[inline(always)]
    fn divide(&self, mut u: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        u[0] = self.times(1.0 / Self::DIVISORS[3], u[0]);
        for pair in 0..P {
            let factor = 1.0 / Self::DIVISORS[pair];
            u[1 + 2 * pair] = self.times(factor, u[1 + 2 * pair]);
            u[2 + 2 * pair] = self.times(factor, u[2 + 2 * pair]);
        }
        u
    }
}
