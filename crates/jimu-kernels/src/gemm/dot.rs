//! A tile of floats with few columns as dot products, where k is the fast dimension of both operands: nothing is copied
//! but what is left of k after the last whole vector.

use pulp::{Simd, WithSimd};

use super::GemmShape;
use super::tile::Tile;
use crate::buffer::Buffer;
use crate::dots::{Dots, Sink};
use crate::lanes::{Lanes, copy_short};

/// With more columns than this, copying a costs less than summing lanes.
const MOST_COLUMNS: usize = 16;
/// Fewest terms worth summing the lanes of.
const LEAST_DEPTH: usize = 32;

/// A tile's product.
pub(super) struct Dot<'a, T> {
    pub tile: &'a Tile<'a, T>,
    /// Its elements are this call's alone: see [`GemmElement::product`](super::GemmElement::product).
    pub c: *mut T,
    pub c_strides: (usize, usize),
    pub accumulate: bool,
}

/// Few columns, and k the fast dimension of both operands, and long enough.
pub(super) fn suits(shape: GemmShape, k_fast: bool) -> bool {
    k_fast && shape.n <= MOST_COLUMNS && shape.k >= LEAST_DEPTH
}

impl<T: Lanes> WithSimd for Dot<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (tile, lanes) = (self.tile, T::lanes::<S>());
        let (shape, a_row, b_column) = (tile.shape, tile.a_strides.0, tile.b_strides.1);
        let whole = shape.k / lanes;
        let mut sink = Sums { c: self.c, strides: self.c_strides, add: self.accumulate };
        if whole > 0 {
            sink.add_dots(simd, (tile.a, a_row), (tile.b, b_column), shape.m, shape.n, whole);
        }
        let rest = whole * lanes..shape.k;
        if !rest.is_empty() {
            let mut a = Buffer::unspecified(shape.m * lanes);
            let mut b = Buffer::unspecified(shape.n * lanes);
            for (i, to) in a.chunks_exact_mut(lanes).enumerate() {
                copy_short(simd, to, &tile.a[i * a_row..][rest.clone()]);
            }
            for (j, to) in b.chunks_exact_mut(lanes).enumerate() {
                copy_short(simd, to, &tile.b[j * b_column..][rest.clone()]);
            }
            sink.add_dots(simd, (&a, lanes), (&b, lanes), shape.m, shape.n, 1);
        }
    }
}

/// Writes sums into c, the first time, or adds them.
struct Sums<T> {
    c: *mut T,
    strides: (usize, usize),
    add: bool,
}

impl<T: Lanes> Sums<T> {
    /// The dot products of `vectors` vectors of rows of a and columns of b, each a slice and a distance.
    #[inline(always)]
    fn add_dots<S: Simd>(
        &mut self,
        simd: S,
        (a, a_row): (&[T], usize),
        (b, b_column): (&[T], usize),
        m: usize,
        n: usize,
        vectors: usize,
    ) {
        let mut starts = [0; MOST_COLUMNS];
        (0..n).for_each(|j| starts[j] = j * b_column);
        let dots =
            Dots { y: a, x: b, y_stride: a_row, y_step: 1, x_starts: &starts[..n], runs: &[[0, 0]], run_len: vectors };
        dots.run(simd, 0..m, self);
        self.add = true;
    }
}

impl<T: Lanes, S: Simd> Sink<T, S> for Sums<T> {
    #[inline(always)]
    fn add(&mut self, simd: S, row: usize, column: usize, sum: T::Vector<S>) {
        let element = self.c.wrapping_add(row * self.strides.0 + column * self.strides.1);
        let sum = T::sum_lanes(simd, sum);
        // SAFETY: an element of c, which belongs to this call alone.
        unsafe { *element = if self.add { *element + sum } else { sum } };
    }
}
