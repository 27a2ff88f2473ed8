//! Matrix products over any strides.
//!
//! ```text
//! gemm          checks that all three matrices lie in their slices and that c does not overlap itself, then
//!   transpose     c' = b' a' if the columns of c are nearer to each other than its rows: rows are the fast dimension
//!   empty         m, n or k is 0: nothing to add
//!   pieces        both sides of c are long, f32, AMX is asked for: three bf16 make a number (`pieces`)
//!   strips        both sides of c are long, f32, AVX-512: all tasks read the same copies of both operands (`strips`)
//!   long          c is small and k long ([`parts`]): k is cut into at most PARTS parts, whose products are added in order
//!   tiles         otherwise: c is cut into tiles, one task each, by a rule of the sizes (`tile`)
//! each tile       T::product on one thread. Floats: few columns, k fast in both operands -> dot products (`dot`),
//!                 else vectors of a's rows times b's elements (`panels`). Integers: plain loops (`plain`)
//! batched_gemm  many small products: groups of them, one task each; else one after the other, each in tiles
//! ```
//! The bits never depend on the number of threads, nor do the cuts, but for that of pieces, which changes no bits. The old values
//! of c are not read unless added to.
//! `JIMU_LOG=plan` prints the cuts ([`log`]).

#[cfg(target_arch = "x86_64")]
mod block;
mod dot;
mod element;
mod explain;
mod panels;
#[cfg(target_arch = "x86_64")]
mod pieces;
#[cfg(target_arch = "x86_64")]
mod strips;
mod tile;

pub use element::GemmElement;
use tile::{Operands, Target, tile_sizes};

use crate::buffer::Buffer;
use crate::log;
use crate::product::Start;
use crate::threads::{parallel_chunks_mut, parallel_for};

/// Multiplications worth handing to another thread.
pub(crate) const GRAIN: usize = 1 << 18;
/// The least length of a part of a long k, where c is one tile ...
const LONG: usize = 1024;
/// ... and where it is more, but has no more than so many elements: such are the gradients of a linear layer's weights, whose
/// parts read both operands once.
const SHORTER: usize = 512;
const SMALL: usize = 1 << 16;
const PARTS: usize = 8;
/// Numbers of c that one task adds up.
const ADDED: usize = 1 << 14;

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

impl GemmShape {
    pub(crate) fn work(self) -> usize {
        self.m.saturating_mul(self.n).saturating_mul(self.k)
    }
}

/// Row stride and column stride.
pub(crate) type Strides = (usize, usize);

/// `c = a b`, or `c += a b` if `accumulate`. Strides are (row, column); those of `a` and `b` may be 0, which repeats.
///
/// ```
/// # use jimu_kernels::gemm::{GemmShape, gemm};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 1.0, 1.0]);
/// let mut c = [f32::NAN; 4];
/// gemm(GemmShape { m: 2, n: 2, k: 2 }, &a, (2, 1), &b, (2, 1), &mut c, (2, 1), false);
/// assert_eq!(c, [3.0, 2.0, 7.0, 4.0]);
/// ```
///
/// # Panics
/// If a matrix reaches beyond its slice, or two elements of `c` may share a place: one stride of `c` must be at least 1
/// and the other at least as large as what the first spans.
#[expect(clippy::too_many_arguments, reason = "three matrices, each with its strides, as in BLAS")]
pub fn gemm<T: GemmElement>(
    shape: GemmShape,
    a: &[T],
    a_strides: Strides,
    b: &[T],
    b_strides: Strides,
    c: &mut [T],
    c_strides: Strides,
    accumulate: bool,
) {
    let start = if accumulate { Start::Sums } else { Start::Zero };
    multiply(shape, (a, a_strides), (b, b_strides), c, c_strides, start);
}

/// `c = a b + bias`, the bias added to every row of the product; `c` as in [`gemm`].
///
/// # Panics
/// As [`gemm`], or if `bias` does not have n elements.
#[expect(clippy::too_many_arguments, reason = "as gemm")]
pub fn gemm_bias<T: GemmElement>(
    shape: GemmShape,
    a: &[T],
    a_strides: Strides,
    b: &[T],
    b_strides: Strides,
    bias: &[T],
    c: &mut [T],
    c_strides: Strides,
) {
    assert_eq!(bias.len(), shape.n, "gemm_bias: one bias for each of the {} columns", shape.n);
    multiply(shape, (a, a_strides), (b, b_strides), c, c_strides, Start::Row(bias));
}

/// Checks a product, turns it so that the rows of c are its fast dimension, and multiplies. A row that the sums start from has
/// a value for each column of c.
fn multiply<T: GemmElement>(
    shape: GemmShape,
    (a, a_strides): (&[T], Strides),
    (b, b_strides): (&[T], Strides),
    c: &mut [T],
    c_strides: Strides,
    start: Start<'_, T>,
) {
    let GemmShape { m, n, k } = shape;
    check_inside("a", a.len(), (m, k), a_strides);
    check_inside("b", b.len(), (k, n), b_strides);
    check_inside("c", c.len(), (m, n), c_strides);
    check_apart((m, n), c_strides);
    // One row or column alone has no say in which dimension of c is fast.
    let columns_are_near = n > 1 && (m == 1 || c_strides.1 < c_strides.0);
    let start = match start {
        // Only along the fast dimension can it be read by vectors.
        Start::Row(row) if !columns_are_near => {
            fill_rows(shape, row, c, c_strides);
            Start::Sums
        }
        start => start,
    };
    let (operands, strides) = if columns_are_near {
        let swapped = |(row, column)| (column, row);
        let (a, b) = ((b, swapped(b_strides)), (a, swapped(a_strides)));
        (Operands::new(GemmShape { m: n, n: m, k }, a, b), swapped(c_strides))
    } else {
        (Operands::new(shape, (a, a_strides), (b, b_strides)), c_strides)
    };
    let k_fast = [operands.a_strides.1 == 1, operands.b_strides.0 == 1];
    log::plan(|| explain::product::<T>(shape, operands.shape, k_fast, Cut::new::<T>(operands.shape, strides)));
    operands.multiply(c, strides, start);
}

/// Writes `row` to every row of `c`, which [`check_inside`] has let pass.
pub(crate) fn fill_rows<T: Copy>(shape: GemmShape, row: &[T], c: &mut [T], c_strides: Strides) {
    match c_strides {
        (step, 1) => (0..shape.m).for_each(|i| c[i * step..][..shape.n].copy_from_slice(row)),
        (1, step) => row.iter().enumerate().for_each(|(column, &value)| c[column * step..][..shape.m].fill(value)),
        (row_step, column_step) => (0..shape.m).for_each(|i| {
            row.iter().enumerate().for_each(|(column, &value)| c[i * row_step + column * column_step] = value);
        }),
    }
}

/// One operand of every product of a batch: its memory, where each of its matrices begins, and their common strides.
#[derive(Clone, Copy)]
pub struct BatchOperand<'a, T> {
    /// The memory.
    pub data: &'a [T],
    /// The position of the first element of each matrix; repeated positions broadcast.
    pub offsets: &'a [usize],
    /// Row stride and column stride.
    pub strides: Strides,
}

/// `c[i] = a[i] b[i]` (or `+=`) for each matrix of a batch; matrix `i` of `c` begins at `i * c_step`.
///
/// # Panics
/// If `a` and `b` have different numbers of matrices, a matrix reaches beyond its slice, or matrices of `c` overlap.
pub fn batched_gemm<'a, T: GemmElement>(
    shape: GemmShape,
    a: BatchOperand<'a, T>,
    b: BatchOperand<'a, T>,
    c: &mut [T],
    c_step: usize,
    c_strides: Strides,
    accumulate: bool,
) {
    let tell = |batch: usize, group: Option<usize>| log::plan(|| explain::batch::<T>(shape, batch, group));
    each_of_batch(shape, [a.offsets.len(), b.offsets.len()], c, c_step, c_strides, tell, |index, c| {
        // With k = 0 there is nothing to point to.
        let part =
            |operand: BatchOperand<'a, T>| if shape.k == 0 { &[] } else { &operand.data[operand.offsets[index]..] };
        gemm(shape, part(a), a.strides, part(b), b.strides, c, c_strides, accumulate);
    });
}

/// Runs `product(i, matrix i of c)` for each matrix of a batch, large ones one by one, small ones in tasks of several. What a
/// batch of more than one does is told first: its size, and the matrices of a task.
pub(crate) fn each_of_batch<T: Send>(
    shape: GemmShape,
    [batch, other]: [usize; 2],
    c: &mut [T],
    c_step: usize,
    c_strides: Strides,
    tell: impl FnOnce(usize, Option<usize>),
    product: impl Fn(usize, &mut [T]) + Sync,
) {
    assert_eq!(batch, other, "batched_gemm: a and b must have equally many matrices");
    if batch == 0 || shape.m == 0 || shape.n == 0 {
        return;
    }
    let span = span((shape.m, shape.n), c_strides);
    assert!(batch == 1 || c_step >= span, "batched_gemm: matrices of c span {span} but are only {c_step} apart");
    assert!(c.len() >= (batch - 1) * c_step + span, "batched_gemm: c has {} elements, too few", c.len());
    let product = |index: usize, c: &mut [T]| product(index, &mut c[..span]);
    let c_step = c_step.max(span);
    let used = c.len().min(batch * c_step);
    let group = (GRAIN / shape.work().max(1)).clamp(1, batch);
    let one_by_one = shape.work() >= 16 * GRAIN;
    if batch > 1 {
        tell(batch, (!one_by_one).then_some(group));
    }
    if one_by_one {
        c[..used].chunks_mut(c_step).enumerate().for_each(|(index, c)| product(index, c));
        return;
    }
    parallel_chunks_mut(&mut c[..used], group * c_step, |task, c| {
        c.chunks_mut(c_step).enumerate().for_each(|(index, c)| product(task * group + index, c));
    });
}

/// How many elements a matrix spans from its first to its last; 0 if it has none.
pub(crate) fn span((rows, columns): (usize, usize), strides: Strides) -> usize {
    if rows == 0 || columns == 0 {
        return 0;
    }
    let last = (rows - 1).checked_mul(strides.0).zip((columns - 1).checked_mul(strides.1));
    last.and_then(|(row, column)| row.checked_add(column)?.checked_add(1)).unwrap_or(usize::MAX)
}

pub(crate) fn check_inside(name: &str, len: usize, size: (usize, usize), strides: Strides) {
    let span = span(size, strides);
    assert!(span <= len, "gemm: {name} of size {size:?} with strides {strides:?} needs {span} elements, but has {len}");
}

/// Checks that no two elements of a matrix share a place.
pub(crate) fn check_apart(size: (usize, usize), strides: Strides) {
    let (rows, columns) = ((size.0, strides.0), (size.1, strides.1));
    let (near, far) = if strides.0 <= strides.1 { (rows, columns) } else { (columns, rows) };
    let steps_over = |(count, step): (usize, usize), extent| count <= 1 || step >= extent;
    let apart = steps_over(near, 1) && steps_over(far, span((near.0, 1), (near.1, 0)));
    assert!(apart, "gemm: elements of c of size {size:?} with strides {strides:?} overlap");
}

/// The length of the parts that k is cut into, if it is.
fn parts(shape: GemmShape) -> Option<usize> {
    let GemmShape { m, n, k } = shape;
    let whole = tile_sizes(shape) == (m, n);
    let (least, fewest) = if whole { (LONG, 2) } else { (SHORTER, 4) };
    ((whole || m * n <= SMALL) && k >= fewest * least).then(|| k.div_ceil((k / least).min(PARTS)))
}

/// How a product is cut, its c having these strides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// Tiles of so many rows and columns, which all read the same pieces of the operands.
    Pieces(usize, usize),
    /// Tiles of so many rows and columns, which all read the same copies of the operands.
    Strips(usize, usize),
    /// Parts of k of this length.
    Parts(usize),
    /// Tiles of so many rows and columns.
    Tiles(usize, usize),
}

impl Cut {
    fn new<T: GemmElement>(shape: GemmShape, c_strides: Strides) -> Self {
        if let (Some((rows, columns)), 1) = (T::pieces(shape), c_strides.0) {
            return Self::Pieces(rows, columns);
        }
        let strips = if c_strides.0 == 1 { T::strips(shape) } else { None };
        match (strips, parts(shape)) {
            (Some((rows, columns)), _) => Self::Strips(rows, columns),
            (None, Some(part)) => Self::Parts(part),
            (None, None) => {
                let (rows, columns) = tile_sizes(shape);
                Self::Tiles(rows, columns)
            }
        }
    }
}

impl<T: GemmElement> Operands<'_, T> {
    fn multiply(&self, c: &mut [T], c_strides: Strides, start: Start<'_, T>) {
        let GemmShape { m, n, k } = self.shape;
        if m == 0 || n == 0 || k == 0 && matches!(start, Start::Sums) {
            return;
        }
        let target = Target { data: c.as_mut_ptr(), strides: c_strides };
        match Cut::new::<T>(self.shape, c_strides) {
            // SAFETY: the free `multiply` has checked that a, b and c reach all their elements and that those of c lie apart.
            Cut::Pieces(..) => unsafe { T::product_of_pieces(self, target, start) },
            // SAFETY: as above.
            Cut::Strips(..) => unsafe { T::product_of_strips(self, target, start) },
            Cut::Parts(part) => self.multiply_long(part, target, start),
            Cut::Tiles(rows, columns) => self.multiply_tiles((rows, columns), target, start),
        }
    }

    /// A product of tiles of so many rows and columns.
    fn multiply_tiles(&self, (rows, columns): (usize, usize), target: Target<T>, start: Start<'_, T>) {
        let GemmShape { m, n, k } = self.shape;
        let row_tiles = m.div_ceil(rows);
        parallel_for(row_tiles * n.div_ceil(columns), |index| {
            let (i, j) = (index % row_tiles * rows, index / row_tiles * columns);
            let rows = i..(i + rows).min(m);
            let start = start.of_rows(rows.clone());
            let tile = self.tile(rows, j..(j + columns).min(n), 0..k);
            // SAFETY: the free `multiply` has checked that a, b and c reach all their elements and that those of c lie apart; the tiles
            // do not overlap and each belongs to one task.
            unsafe { T::product(&tile, target.at(i, j), target.strides, start) };
        });
    }

    /// A small c with a long k: products of parts of k as long as `part`, added in order.
    fn multiply_long(&self, part: usize, target: Target<T>, start: Start<'_, T>) {
        let GemmShape { m, n, k } = self.shape;
        let parts = k.div_ceil(part);
        let mut others = Buffer::<T>::unspecified(m * n * (parts - 1));
        let dense = (1, m);
        let other = Target { data: others.as_mut_ptr(), strides: dense };
        parallel_for(parts, |index| {
            let tile = self.tile(0..m, 0..n, index * part..((index + 1) * part).min(k));
            // SAFETY: as in `multiply_tiles`; the products after the first are dense, each with n columns of its own.
            unsafe {
                match index.checked_sub(1) {
                    None => T::product(&tile, target.at(0, 0), target.strides, start),
                    Some(index) => T::product(&tile, other.at(0, index * n), dense, Start::Zero),
                }
            }
        });
        let columns = (ADDED / m).max(1);
        parallel_for(n.div_ceil(columns), |index| {
            for j in index * columns..n.min((index + 1) * columns) {
                let terms = others.chunks_exact(m * n).map(|product| &product[j * m..][..m]);
                // SAFETY: this column of c is this task's alone, and all its elements lie inside.
                terms.for_each(|terms| unsafe { add(target.at(0, j), target.strides.0, terms) });
            }
        });
    }
}

/// Adds `terms` to numbers that are `step` apart.
///
/// # Safety
/// Those numbers must be valid for reads and writes, and nobody else's.
unsafe fn add<T: GemmElement>(numbers: *mut T, step: usize, terms: &[T]) {
    if step == 1 {
        // SAFETY: the caller's promise.
        let numbers = unsafe { std::slice::from_raw_parts_mut(numbers, terms.len()) };
        numbers.iter_mut().zip(terms).for_each(|(number, &term)| *number = T::plus(*number, term));
        return;
    }
    for (i, &term) in terms.iter().enumerate() {
        let number = numbers.wrapping_add(i * step);
        // SAFETY: the caller's promise.
        unsafe { *number = T::plus(*number, term) };
    }
}

#[cfg(test)]
mod tests;
