//! Matrix products.

use bytemuck::Pod;

/// The sizes of a product: `c` is m x n, `a` is m x k, `b` is k x n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GemmShape {
    /// Rows of `a` and `c`.
    pub m: usize,
    /// Columns of `b` and `c`.
    pub n: usize,
    /// Columns of `a`, rows of `b`.
    pub k: usize,
}

/// An element type that matrices are multiplied in.
pub trait GemmElement: Pod + Send + Sync {}
impl GemmElement for f32 {}
impl GemmElement for f64 {}

/// `c = a b`, or `c += a b` if `accumulate`. Strides are (row, column); those of `a` and `b` may be 0.
///
/// # Panics
/// If a matrix reaches beyond its slice.
pub fn gemm<T: GemmElement>(
    shape: GemmShape,
    a: &[T],
    a_strides: (usize, usize),
    b: &[T],
    b_strides: (usize, usize),
    c: &mut [T],
    c_strides: (usize, usize),
    accumulate: bool,
) where
    T: num_traits::Num,
{
    let GemmShape { m, n, k } = shape;
    for i in 0..m {
        for j in 0..n {
            let mut total = if accumulate { c[i * c_strides.0 + j * c_strides.1] } else { T::zero() };
            for p in 0..k {
                total = total + a[i * a_strides.0 + p * a_strides.1] * b[p * b_strides.0 + j * b_strides.1];
            }
            c[i * c_strides.0 + j * c_strides.1] = total;
        }
    }
}
