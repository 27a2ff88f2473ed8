//! The element types, and how each multiplies one tile.

use bytemuck::Pod;

use super::GemmShape;
use super::dot::{self, Dot};
use super::panels::Panels;
#[cfg(target_arch = "x86_64")]
use super::pieces;
#[cfg(target_arch = "x86_64")]
use super::strips;
use super::tile::{Operands, Target, Tile};
use crate::buffer::Buffer;
use crate::product::Start;
use crate::simd;

mod sealed {
    pub trait Sealed {}
}

/// An element type that matrices are multiplied in: `f32`, `f64`, and the integers, which wrap around.
pub trait GemmElement: Pod + Send + Sync + sealed::Sealed {
    /// `a + b`.
    #[doc(hidden)]
    fn plus(a: Self, b: Self) -> Self;

    /// The sizes of a tile if a product whose c has neighbouring rows is best computed from pieces (`pieces`).
    #[doc(hidden)]
    fn pieces(_: GemmShape) -> Option<(usize, usize)> {
        None
    }

    /// All of a product for which there are [`pieces`](Self::pieces).
    ///
    /// # Safety
    /// As [`product`](Self::product), for all of c, whose rows must be neighbours.
    #[doc(hidden)]
    unsafe fn product_of_pieces(_: &Operands<'_, Self>, _: Target<Self>, _: Start<'_, Self>) {
        unreachable!("no products of pieces");
    }

    /// The sizes of a tile if a product whose c has neighbouring rows is best computed from strips (`strips.rs`).
    #[doc(hidden)]
    fn strips(_: GemmShape) -> Option<(usize, usize)> {
        None
    }

    /// All of a product for which there are [`strips`](Self::strips).
    ///
    /// # Safety
    /// As [`product`](Self::product), for all of c, whose rows must be neighbours.
    #[doc(hidden)]
    unsafe fn product_of_strips(_: &Operands<'_, Self>, _: Target<Self>, _: Start<'_, Self>) {
        unreachable!("no products of strips");
    }

    /// How [`product`](Self::product) works, in words; `k_fast`: k is the fast dimension of both operands.
    #[doc(hidden)]
    fn way(shape: GemmShape, k_fast: bool) -> &'static str;

    /// `c = a b`, added to what `start` says, on the calling thread; a row has a value for each row of the tile.
    ///
    /// # Safety
    /// The strides must keep all elements of a and b inside the tile's slices, and all elements of c must be valid for
    /// reads and writes, lie apart, and belong to this call alone. The tile has at least one row and one column.
    #[doc(hidden)]
    unsafe fn product(tile: &Tile<Self>, c: *mut Self, c_strides: (usize, usize), start: Start<'_, Self>);
}

macro_rules! float {
    ($T:ty { $($strips:item)* }) => {
        impl sealed::Sealed for $T {}
        impl GemmElement for $T {
            $($strips)*

            fn plus(a: Self, b: Self) -> Self {
                a + b
            }

            fn way(shape: GemmShape, k_fast: bool) -> &'static str {
                if dot::suits(shape, k_fast) { "dot products" } else { "panels" }
            }

            unsafe fn product(tile: &Tile<Self>, c: *mut Self, c_strides: (usize, usize), start: Start<'_, Self>) {
                if dot::suits(tile.shape, (tile.a_strides.1, tile.b_strides.0) == (1, 1)) {
                    // SAFETY: the caller's promise.
                    let accumulate = unsafe { start_written(tile.shape, c, c_strides, start) };
                    return simd::dispatch(Dot { tile, c, c_strides, accumulate });
                }
                if c_strides.0 == 1 {
                    return simd::dispatch(Panels { tile, c, c_column: c_strides.1, start });
                }
                // SAFETY: the caller's promise.
                let accumulate = unsafe { start_written(tile.shape, c, c_strides, start) };
                let m = tile.shape.m;
                let mut dense = Buffer::<$T>::unspecified(m * tile.shape.n);
                simd::dispatch(Panels { tile, c: dense.as_mut_ptr(), c_column: m, start: Start::Zero });
                for (index, &value) in dense.iter().enumerate() {
                    let element = c.wrapping_add(index % m * c_strides.0 + index / m * c_strides.1);
                    // SAFETY: an element of c, which the caller has given to this call.
                    unsafe { *element = if accumulate { *element + value } else { value } };
                }
            }
        }
    };
}

float! { f32 {
    #[cfg(target_arch = "x86_64")]
    fn pieces(shape: GemmShape) -> Option<(usize, usize)> {
        pieces::suits(shape).then(|| pieces::tile_sizes(shape))
    }

    #[cfg(target_arch = "x86_64")]
    unsafe fn product_of_pieces(operands: &Operands<'_, Self>, c: Target<Self>, start: Start<'_, Self>) {
        // SAFETY: the caller's promise; only with AMX are there products of pieces.
        unsafe { pieces::multiply(operands, c, start) };
    }

    #[cfg(target_arch = "x86_64")]
    fn strips(shape: GemmShape) -> Option<(usize, usize)> {
        strips::suits(shape).then(|| strips::tile_sizes(shape))
    }

    #[cfg(target_arch = "x86_64")]
    unsafe fn product_of_strips(operands: &Operands<'_, Self>, c: Target<Self>, start: Start<'_, Self>) {
        // SAFETY: the caller's promise; only with AVX-512 are there products of strips.
        unsafe { strips::multiply(operands, c, start) };
    }
} }

float! { f64 {} }

macro_rules! integer {
    ($($T:ty)*) => {$(
        impl sealed::Sealed for $T {}
        impl GemmElement for $T {
            fn plus(a: Self, b: Self) -> Self {
                a.wrapping_add(b)
            }

            fn way(_: GemmShape, _: bool) -> &'static str {
                "plain loops"
            }

            unsafe fn product(tile: &Tile<Self>, c: *mut Self, c_strides: (usize, usize), start: Start<'_, Self>) {
                let step = |total: $T, a: $T, b: $T| total.wrapping_add(a.wrapping_mul(b));
                // SAFETY: the caller's promise.
                unsafe {
                    let accumulate = start_written(tile.shape, c, c_strides, start);
                    plain(tile, c, c_strides, accumulate, step);
                }
            }
        }
    )*};
}

integer!(u8 i32 i64);

/// Writes a row that the sums start from to every column of c. Whether the sums start from what c holds then.
///
/// # Safety
/// As [`GemmElement::product`].
unsafe fn start_written<T: Pod>(shape: GemmShape, c: *mut T, c_strides: (usize, usize), start: Start<'_, T>) -> bool {
    if let Start::Row(row) = start {
        for j in 0..shape.n {
            for (i, &value) in row[..shape.m].iter().enumerate() {
                // SAFETY: an element of c, which the caller has given to this call.
                unsafe { c.wrapping_add(i * c_strides.0 + j * c_strides.1).write(value) };
            }
        }
    }
    !matches!(start, Start::Zero)
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
