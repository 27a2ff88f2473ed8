//! Matrix products of bfloat16 operands whose sums are `f32`: mixed precision.
//!
//! A bfloat16 is an `f32` of which only the upper half is kept: the same range, 8 bits of precision. Operands may lie in memory as
//! either; those that are `f32` are rounded on their way into the product.
//!
//! ```text
//! gemm          checks, and turns the product over if the columns of c are nearer to each other than its rows, as `crate::gemm`
//!   dots          AVX512-BF16, whose instruction adds 16 x 2 products at once (`dots`)
//!     pack          a in panels of up to 64 rows, b in groups of up to 48 columns, both as pairs: two neighbours of a sum
//!                   beside each other in 32 bits (`pack`); a b whose pairs lie in memory as they are is not copied
//!     units         a panel times a group each; a task is as many neighbouring units as are worth a hand-over
//!     blocks        in a unit: 4 vectors of 16 rows times 6 columns, 24 sums in registers, for up to 512 pairs at a time
//!     long          few units and a long k: parts of k have sums of their own, which are added in order
//!   rounded       any other machine: rounded copies of the operands as `f32`, then `crate::gemm`; the same meaning
//! batched_gemm  many small products: groups of them, one task each; else one after the other
//! ```
//! The cuts never depend on the number of threads, nor do the bits. The instruction takes numbers below 1.2e-38 for zero, and adds a
//! pair before it adds it to the sum, so the last bits differ from those of other machines.

mod convert;
#[cfg(target_arch = "x86_64")]
mod dots;
#[cfg(target_arch = "x86_64")]
mod pack;

pub use convert::{round, widen};
pub use half::bf16;

use crate::buffer::Buffer;
use crate::gemm::{self, GemmShape, Strides, check_apart, check_inside, each_of_batch, fill_rows};
use crate::log;
use crate::threads::parallel_chunks_mut;

/// The elements of an operand. Those that are `f32` are rounded to the nearest bfloat16, to the even one of two.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Half of it.
    Bf16(&'a [bf16]),
}

impl<'a> Values<'a> {
    fn len(self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::Bf16(values) => values.len(),
        }
    }

    /// Those from `start` on; none if there are none.
    fn from(self, start: usize) -> Self {
        match self {
            Self::F32(values) => Self::F32(values.get(start..).unwrap_or(&[])),
            Self::Bf16(values) => Self::Bf16(values.get(start..).unwrap_or(&[])),
        }
    }
}

/// Whether products use the processor's own instructions for bfloat16.
///
/// They do where [`simd::name`](crate::simd::name) is `avx512` or `amx` and the processor has AVX512-BF16.
///
/// ```
/// let text = if jimu_kernels::mixed::is_fast() { "faster than f32" } else { "as f32, after rounding" };
/// println!("products of bfloat16 are computed {text}");
/// ```
pub fn is_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    return crate::simd::has_avx512() && std::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// `c = a b`, or `c += a b` if `accumulate`. Strides are (row, column); those of `a` and `b` may be 0, which repeats; one of
/// `c` must be 1.
///
/// ```
/// # use jimu_kernels::gemm::GemmShape;
/// # use jimu_kernels::mixed::{Values, gemm};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.001], [1.0, 0.0, 1.0, 1.0]);
/// let mut c = [f32::NAN; 4];
/// let shape = GemmShape { m: 2, n: 2, k: 2 };
/// gemm(shape, Values::F32(&a), (2, 1), Values::F32(&b), (2, 1), &mut c, (2, 1), false);
/// assert_eq!(c, [3.0, 2.0, 7.0, 4.0]);
/// ```
///
/// # Panics
/// If a matrix reaches beyond its slice, two elements of `c` may share a place, or neither its rows nor its columns are
/// neighbours.
#[expect(clippy::too_many_arguments, reason = "three matrices, each with its strides, as in BLAS")]
pub fn gemm(
    shape: GemmShape,
    a: Values<'_>,
    a_strides: Strides,
    b: Values<'_>,
    b_strides: Strides,
    c: &mut [f32],
    c_strides: Strides,
    accumulate: bool,
) {
    let GemmShape { m, n, k } = shape;
    check_inside("a", a.len(), (m, k), a_strides);
    check_inside("b", b.len(), (k, n), b_strides);
    check_inside("c", c.len(), (m, n), c_strides);
    check_apart((m, n), c_strides);
    if m == 0 || n == 0 || k == 0 && accumulate {
        return;
    }
    if !is_fast() {
        return rounded(shape, (a, a_strides), (b, b_strides), c, c_strides, accumulate);
    }
    #[cfg(target_arch = "x86_64")]
    {
        // One row or column alone has no say in which dimension of c is fast.
        let columns_are_near = if m == 1 { n > 1 && c_strides.1 == 1 } else { c_strides.0 != 1 };
        let swapped = |(row, column)| (column, row);
        let (product, c_strides) = match columns_are_near {
            true => {
                let turned = GemmShape { m: n, n: m, k };
                (dots::Product::new(turned, (b, swapped(b_strides)), (a, swapped(a_strides))), swapped(c_strides))
            }
            false => (dots::Product::new(shape, (a, a_strides), (b, b_strides)), c_strides),
        };
        let fits = c_strides.0 == 1 || product.is_one_row();
        assert!(fits, "mixed::gemm: neither the rows nor the columns of c are neighbours");
        log::plan(|| format!("{}: {}", named(shape), product.explain()));
        product.multiply(c, c_strides.1, accumulate);
    }
}

/// `c = a b + bias`, the bias added to every row of the product; `c` as in [`gemm()`].
///
/// # Panics
/// As [`gemm()`], or if `bias` does not have n elements.
#[expect(clippy::too_many_arguments, reason = "as gemm")]
pub fn gemm_bias(
    shape: GemmShape,
    a: Values<'_>,
    a_strides: Strides,
    b: Values<'_>,
    b_strides: Strides,
    bias: &[f32],
    c: &mut [f32],
    c_strides: Strides,
) {
    assert_eq!(bias.len(), shape.n, "gemm_bias: one bias for each of the {} columns", shape.n);
    check_inside("c", c.len(), (shape.m, shape.n), c_strides);
    fill_rows(shape, bias, c, c_strides);
    gemm(shape, a, a_strides, b, b_strides, c, c_strides, true);
}

/// One operand of every product of a batch: its elements, where each of its matrices begins, and their common strides.
#[derive(Clone, Copy, Debug)]
pub struct BatchOperand<'a> {
    /// The elements.
    pub values: Values<'a>,
    /// The position of the first element of each matrix; repeated positions broadcast.
    pub offsets: &'a [usize],
    /// Row stride and column stride.
    pub strides: Strides,
}

/// `c[i] = a[i] b[i]` for each matrix of a batch; matrix `i` of `c` begins at `i * c_step`.
///
/// # Panics
/// As [`gemm()`], or if `a` and `b` have different numbers of matrices, or matrices of `c` overlap.
pub fn batched_gemm(
    shape: GemmShape,
    a: BatchOperand<'_>,
    b: BatchOperand<'_>,
    c: &mut [f32],
    c_step: usize,
    c_strides: Strides,
) {
    // Each product tells its own plan.
    each_of_batch(
        shape,
        [a.offsets.len(), b.offsets.len()],
        c,
        c_step,
        c_strides,
        |_, _| {},
        |index, c| {
            let (left, right) = (a.values.from(a.offsets[index]), b.values.from(b.offsets[index]));
            gemm(shape, left, a.strides, right, b.strides, c, c_strides, false);
        },
    );
}

/// The product on a machine without instructions for it.
fn rounded(
    shape: GemmShape,
    a: (Values<'_>, Strides),
    b: (Values<'_>, Strides),
    c: &mut [f32],
    c_strides: Strides,
    accumulate: bool,
) {
    log::plan(|| format!("{}: rounded, then as f32", named(shape)));
    let (a, a_strides) = rounded_copy(a, (shape.m, shape.k));
    let (b, b_strides) = rounded_copy(b, (shape.k, shape.n));
    gemm::gemm(shape, &a, a_strides, &b, b_strides, c, c_strides, accumulate);
}

/// A copy of a matrix without gaps, rounded, and its strides; what was near stays near.
fn rounded_copy((values, strides): (Values<'_>, Strides), (rows, columns): (usize, usize)) -> (Buffer<f32>, Strides) {
    let by_columns = strides.0 < strides.1;
    let (outer, inner, far, near) =
        if by_columns { (columns, rows, strides.1, strides.0) } else { (rows, columns, strides.0, strides.1) };
    let mut copy = Buffer::unspecified(rows * columns);
    if !copy.is_empty() {
        parallel_chunks_mut(&mut copy, inner, |line, to| match values.from(line * far) {
            Values::F32(from) => convert::rounded_line(to, from, near),
            Values::Bf16(from) => convert::widened_line(to, from, near),
        });
    }
    debug_assert_eq!(outer * inner, copy.len());
    (copy, if by_columns { (1, rows.max(1)) } else { (columns.max(1), 1) })
}

/// Such as `gemm 256x512 * 512x256 bf16`.
fn named(shape: GemmShape) -> String {
    format!("gemm {} * {} bf16", log::sizes(&[shape.m, shape.k]), log::sizes(&[shape.k, shape.n]))
}

#[cfg(test)]
mod tests;
