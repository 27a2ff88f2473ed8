//! The transforms, along one axis and along both. The [parent](super) has the formula.

use pulp::Simd;

use crate::lanes::Lanes;

/// The largest tile, and the most outputs in one, along an axis.
pub(super) const MAX_TILE: usize = 6;

/// A tile of vectors, of which the first rows and columns are used.
pub(super) type Tile<V> = [[V; MAX_TILE]; MAX_TILE];

type Line<V> = [V; MAX_TILE];

/// A tile to work in: made once for many, since filling one takes as long as a transform.
#[inline(always)]
pub(super) fn blank<T: Lanes, S: Simd>(simd: S) -> Tile<T::Vector<S>> {
    [[T::splat(simd, T::ZERO); MAX_TILE]; MAX_TILE]
}

/// A choice of `m`, the outputs of a tile along an axis, with its matrices. Each function takes a line of vectors and gives
/// another; what lies beyond its length is not looked at.
pub(super) trait Variant: Copy + Send + Sync + 'static {
    /// m.
    const OUT: usize;
    /// m + 2.
    const TILE: usize;
    /// Elements of a tile.
    const ELEMENTS: usize = Self::TILE * Self::TILE;

    /// `Bᵀ x`: [`TILE`](Self::TILE) to as many.
    fn input<T: Lanes, S: Simd>(simd: S, x: Line<T::Vector<S>>) -> Line<T::Vector<S>>;
    /// `G w`: 3 to [`TILE`](Self::TILE).
    fn weight<T: Lanes, S: Simd>(simd: S, w: Line<T::Vector<S>>) -> Line<T::Vector<S>>;
    /// `Gᵀ u`: [`TILE`](Self::TILE) to 3.
    fn weight_back<T: Lanes, S: Simd>(simd: S, u: Line<T::Vector<S>>) -> Line<T::Vector<S>>;
    /// `Aᵀ p`: [`TILE`](Self::TILE) to [`OUT`](Self::OUT).
    fn output<T: Lanes, S: Simd>(simd: S, p: Line<T::Vector<S>>) -> Line<T::Vector<S>>;
    /// `A y`: [`OUT`](Self::OUT) to [`TILE`](Self::TILE).
    fn output_back<T: Lanes, S: Simd>(simd: S, y: Line<T::Vector<S>>) -> Line<T::Vector<S>>;
}

/// Applies `line` to the first `from` columns, then to the first `to` rows of what they become; all in place, since a
/// tile is larger than the registers.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
pub(super) fn both_axes<V: Copy>(tile: &mut Tile<V>, from: usize, to: usize, line: impl Fn(Line<V>) -> Line<V>) {
    for j in 0..from {
        let mut column = tile[0];
        for i in 0..from {
            column[i] = tile[i][j];
        }
        let column = line(column);
        for i in 0..to {
            tile[i][j] = column[i];
        }
    }
    for row in tile.iter_mut().take(to) {
        *row = line(*row);
    }
}

/// m = 2, with the points 0, 1, -1 and infinity.
#[derive(Clone, Copy)]
pub(super) struct F2;

/// m = 4, with the points 0, 1, -1, 2, -2 and infinity.
#[derive(Clone, Copy)]
pub(super) struct F4;

/// Vectors with arithmetic, so that the formulas read as such.
struct Math<T, S>(S, std::marker::PhantomData<T>);

impl<T: Lanes, S: Simd> Math<T, S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Self(simd, std::marker::PhantomData)
    }

    #[inline(always)]
    fn add(&self, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::add_lanes(self.0, a, b)
    }

    #[inline(always)]
    fn sub(&self, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::sub_lanes(self.0, a, b)
    }

    #[inline(always)]
    fn times(&self, factor: f64, a: T::Vector<S>) -> T::Vector<S> {
        T::mul_lanes(self.0, T::splat(self.0, T::nearest(factor)), a)
    }

    /// `factor a + b`.
    #[inline(always)]
    fn plus(&self, factor: f64, a: T::Vector<S>, b: T::Vector<S>) -> T::Vector<S> {
        T::mul_add(self.0, T::splat(self.0, T::nearest(factor)), a, b)
    }
}

impl Variant for F2 {
    const OUT: usize = 2;
    const TILE: usize = 4;

    #[inline(always)]
    fn input<T: Lanes, S: Simd>(simd: S, mut x: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, ..] = x;
        [x[0], x[1], x[2], x[3]] = [math.sub(a, c), math.add(b, c), math.sub(c, b), math.sub(b, d)];
        x
    }

    #[inline(always)]
    fn weight<T: Lanes, S: Simd>(simd: S, mut w: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, ..] = w;
        let (outer, middle) = (math.times(0.5, math.add(a, c)), math.times(0.5, b));
        [w[1], w[2], w[3]] = [math.add(outer, middle), math.sub(outer, middle), c];
        w
    }

    #[inline(always)]
    fn weight_back<T: Lanes, S: Simd>(simd: S, mut u: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, ..] = u;
        let sum = math.add(b, c);
        [u[0], u[1], u[2]] = [math.plus(0.5, sum, a), math.times(0.5, math.sub(b, c)), math.plus(0.5, sum, d)];
        u
    }

    #[inline(always)]
    fn output<T: Lanes, S: Simd>(simd: S, mut p: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, ..] = p;
        [p[0], p[1]] = [math.add(a, math.add(b, c)), math.sub(math.sub(b, c), d)];
        p
    }

    #[inline(always)]
    fn output_back<T: Lanes, S: Simd>(simd: S, mut y: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, ..] = y;
        [y[1], y[2], y[3]] = [math.add(a, b), math.sub(a, b), math.times(-1.0, b)];
        y
    }
}

impl Variant for F4 {
    const OUT: usize = 4;
    const TILE: usize = 6;

    #[inline(always)]
    fn input<T: Lanes, S: Simd>(simd: S, x: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, e, f] = x;
        let (even, odd) = (math.plus(-4.0, c, e), math.plus(-4.0, b, d));
        let (even_far, odd_far) = (math.sub(e, c), math.times(2.0, math.sub(d, b)));
        [
            math.plus(4.0, a, math.plus(-5.0, c, e)),
            math.add(even, odd),
            math.sub(even, odd),
            math.add(even_far, odd_far),
            math.sub(even_far, odd_far),
            math.plus(4.0, b, math.plus(-5.0, d, f)),
        ]
    }

    #[inline(always)]
    fn weight<T: Lanes, S: Simd>(simd: S, w: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, ..] = w;
        let (outer, middle) = (math.times(-1.0 / 6.0, math.add(a, c)), math.times(1.0 / 6.0, b));
        let (outer_far, middle_far) = (math.plus(1.0 / 24.0, a, math.times(1.0 / 6.0, c)), math.times(1.0 / 12.0, b));
        [
            math.times(0.25, a),
            math.sub(outer, middle),
            math.add(outer, middle),
            math.add(outer_far, middle_far),
            math.sub(outer_far, middle_far),
            c,
        ]
    }

    #[inline(always)]
    fn weight_back<T: Lanes, S: Simd>(simd: S, mut u: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, e, f] = u;
        let (near, far) = (math.add(b, c), math.add(d, e));
        [u[0], u[1], u[2]] = [
            math.plus(0.25, a, math.plus(-1.0 / 6.0, near, math.times(1.0 / 24.0, far))),
            math.plus(1.0 / 6.0, math.sub(c, b), math.times(1.0 / 12.0, math.sub(d, e))),
            math.plus(1.0 / 6.0, math.sub(far, near), f),
        ];
        u
    }

    #[inline(always)]
    fn output<T: Lanes, S: Simd>(simd: S, mut p: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, e, f] = p;
        let (sum, difference) = (math.add(b, c), math.sub(b, c));
        let (sum_far, difference_far) = (math.add(d, e), math.sub(d, e));
        [p[0], p[1], p[2], p[3]] = [
            math.add(a, math.add(sum, sum_far)),
            math.plus(2.0, difference_far, difference),
            math.plus(4.0, sum_far, sum),
            math.plus(8.0, difference_far, math.add(difference, f)),
        ];
        p
    }

    #[inline(always)]
    fn output_back<T: Lanes, S: Simd>(simd: S, y: Line<T::Vector<S>>) -> Line<T::Vector<S>> {
        let math = Math::<T, S>::new(simd);
        let [a, b, c, d, ..] = y;
        let (even, odd) = (math.add(a, c), math.add(b, d));
        let (even_far, odd_far) = (math.plus(4.0, c, a), math.plus(8.0, d, math.times(2.0, b)));
        [a, math.add(even, odd), math.sub(even, odd), math.add(even_far, odd_far), math.sub(even_far, odd_far), d]
    }
}
