//! The element types, and how each multiplies one tile.

use bytemuck::Pod;
use gemm_common::Parallelism;

use super::tile::Tile;
use crate::simd;

mod sealed {
    pub trait Sealed {}
}

/// An element type that matrices are multiplied in: `f32`, `f64`, and the integers, which wrap around.
pub trait GemmElement: Pod + Send + Sync + sealed::Sealed {
    /// `a + b`.
    #[doc(hidden)]
    fn plus(a: Self, b: Self) -> Self;

    /// How [`product`](Self::product) works, in words.
    #[doc(hidden)]
    fn way() -> &'static str;

    /// `c = a b` or `c += a b` on the calling thread.
    ///
    /// # Safety
    /// The strides must keep all elements of a and b inside the tile's slices, and all elements of c must be valid for
    /// reads and writes, lie apart, and belong to this call alone.
    #[doc(hidden)]
    unsafe fn product(tile: &Tile<Self>, c: *mut Self, c_strides: (usize, usize), accumulate: bool);
}

macro_rules! float {
    ($T:ty, $gemm:path) => {
        impl sealed::Sealed for $T {}
        impl GemmElement for $T {
            fn plus(a: Self, b: Self) -> Self {
                a + b
            }

            fn way() -> &'static str {
                if simd::is_best() { "packed" } else { "plain loops" }
            }

            unsafe fn product(tile: &Tile<Self>, c: *mut Self, c_strides: (usize, usize), accumulate: bool) {
                if !simd::is_best() {
                    // SAFETY: the caller's promise.
                    return unsafe { plain(tile, c, c_strides, accumulate, |total, a, b| total + a * b) };
                }
                let (shape, [a, b, c_strides]) = (tile.shape, [tile.a_strides, tile.b_strides, c_strides].map(signed));
                // SAFETY: the caller's promise. With alpha = 1, beta = 1 it computes c = a b, or c + a b if told to read c.
                unsafe {
                    $gemm()(
                        shape.m,
                        shape.n,
                        shape.k,
                        c,
                        c_strides.1,
                        c_strides.0,
                        accumulate,
                        tile.a.as_ptr(),
                        a.1,
                        a.0,
                        tile.b.as_ptr(),
                        b.1,
                        b.0,
                        1.0,
                        1.0,
                        false,
                        false,
                        false,
                        Parallelism::None,
                    );
                }
            }
        }
    };
}

float!(f32, gemm_f32::gemm::f32::get_gemm_fn);
float!(f64, gemm_f64::gemm::f64::get_gemm_fn);

macro_rules! integer {
    ($($T:ty)*) => {$(
        impl sealed::Sealed for $T {}
        impl GemmElement for $T {
            fn plus(a: Self, b: Self) -> Self {
                a.wrapping_add(b)
            }

            fn way() -> &'static str {
                "plain loops"
            }

            unsafe fn product(tile: &Tile<Self>, c: *mut Self, c_strides: (usize, usize), accumulate: bool) {
                let step = |total: $T, a: $T, b: $T| total.wrapping_add(a.wrapping_mul(b));
                // SAFETY: the caller's promise.
                unsafe { plain(tile, c, c_strides, accumulate, step) }
            }
        }
    )*};
}

integer!(u8 i32 i64);

/// A stride that reaches an element of a slice fits an isize; others belong to sizes of 1 and are never used.
fn signed((row, column): (usize, usize)) -> (isize, isize) {
    (row as isize, column as isize)
}

/// The product in plain loops: for each column of c, the columns of a times an element of b each.
///
/// # Safety
/// As [`GemmElement::product`].
unsafe fn plain<T: Pod>(
    tile: &Tile<T>,
    c: *mut T,
    c_strides: (usize, usize),
    accumulate: bool,
    step: impl Fn(T, T, T) -> T + Copy,
) {
    let (shape, (a_row, a_column)) = (tile.shape, tile.a_strides);
    for j in 0..shape.n {
        let column = c.wrapping_add(j * c_strides.1);
        let element = |i: usize| column.wrapping_add(i * c_strides.0);
        if !accumulate {
            // SAFETY: elements of c, which the caller has given to this call.
            (0..shape.m).for_each(|i| unsafe { element(i).write(T::zeroed()) });
        }
        for p in 0..shape.k {
            let b = tile.b[p * tile.b_strides.0 + j * tile.b_strides.1];
            let a = &tile.a[p * a_column..];
            if c_strides.0 == 1 && a_row == 1 {
                // SAFETY: m neighbouring elements of c, which the caller has given to this call.
                let column = unsafe { std::slice::from_raw_parts_mut(column, shape.m) };
                simd::dispatch(
                    #[inline(always)]
                    || column.iter_mut().zip(&a[..shape.m]).for_each(|(c, &a)| *c = step(*c, a, b)),
                );
            } else {
                // SAFETY: as above.
                (0..shape.m).for_each(|i| unsafe { element(i).write(step(element(i).read(), a[i * a_row], b)) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::GemmShape;
    use super::*;

    #[test]
    fn plain_floats_equal_the_microkernels() {
        let (m, n, k) = (19, 7, 33);
        let data: Vec<f64> = (0..m * k + k * n).map(|i| ((i * 37) % 19) as f64 - 9.0).collect();
        for (a_strides, b_strides, c_strides) in [((1, m), (1, k), (1, m)), ((k, 1), (n, 1), (n, 1))] {
            let shape = GemmShape { m, n, k };
            let tile = Tile { shape, a: &data[..m * k], a_strides, b: &data[m * k..], b_strides };
            let (mut fast, mut slow) = (vec![f64::NAN; m * n], vec![f64::NAN; m * n]);
            for accumulate in [false, true] {
                // SAFETY: the strides are those of dense matrices of these sizes.
                unsafe {
                    f64::product(&tile, fast.as_mut_ptr(), c_strides, accumulate);
                    plain(&tile, slow.as_mut_ptr(), c_strides, accumulate, |total, a, b| total + a * b);
                }
                assert_eq!(fast, slow);
            }
        }
    }
}
