//! Dot products of many pairs of rows, `sum over i of y[o][i] x[j][i]`, with SIMD lanes along `i`: matrix products with
//! few columns, and convolutions' gradients of the weight.
//!
//! `i` is cut into *runs* of consecutive vectors. Blocks of `O x J` sums stay in registers over all runs; a position is
//! `O + J` loads for `O J` multiply-adds. Each row and column of a block has a register for its place, and a few positions
//! share the arithmetic of how far they are ([`Walk`]), for the reason given in `product.rs`.
//!
//! The sums are added to a vector for each pair: what becomes of its lanes is the caller's matter.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cut::balanced;
use crate::lanes::Lanes;
use crate::product::apart;

/// The largest block of rows (`o`) and columns (`j`).
pub(crate) const fn largest_block(registers: usize) -> [usize; 2] {
    if registers >= 32 { [4, 5] } else { [3, 4] }
}

/// Positions of a run that share the arithmetic of how far they are.
const TOGETHER: usize = 2;

/// Rows of `y` and columns of `x`, over some runs.
pub(crate) struct Dots<'a, T> {
    pub y: &'a [T],
    pub x: &'a [T],
    /// Which rows, by number in `y`.
    pub rows: Range<usize>,
    /// Distance of neighbouring rows in `y`.
    pub y_stride: usize,
    /// Distance in vectors of neighbouring vectors of a run in `y`; in `x` it is 1.
    pub y_step: usize,
    /// Where each column starts in `x`.
    pub x_starts: &'a [usize],
    /// Where each run starts in `y` and in `x`, from the row's and the column's start.
    pub runs: &'a [[usize; 2]],
    /// Vectors in a run.
    pub run_len: usize,
    /// A vector for each row and column, to which the products are added: row after row, the first of `rows` first.
    pub sums: &'a mut [T],
}

impl<T: Lanes> Dots<'_, T> {
    /// Adds the products. A function of its own, never inlined: its many blocks are compiled once.
    #[inline(never)]
    pub fn run<S: Simd>(self, simd: S) {
        simd.vectorize(self);
    }
}

impl<T: Lanes> WithSimd for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.rows.is_empty() || self.run_len == 0 {
            return;
        }
        self.check::<S>();
        let [row_block, column_block] = largest_block(S::REGISTER_COUNT);
        let row_blocks = self.rows.len().div_ceil(row_block);
        let column_blocks = self.x_starts.len().div_ceil(column_block);
        for row_index in 0..row_blocks {
            let rows = balanced(self.rows.len(), row_blocks, row_index);
            for column_index in 0..column_blocks {
                let columns = balanced(self.x_starts.len(), column_blocks, column_index);
                self.block(simd, rows.clone(), columns);
            }
        }
    }
}

impl<T: Lanes> Dots<'_, T> {
    /// Checks that all that will be read and written lies inside the slices.
    #[inline(always)]
    fn check<S: Simd>(&self) {
        let lanes = T::lanes::<S>();
        let latest = |axis: usize| self.runs.iter().map(|run| run[axis]).max().unwrap_or(0);
        let last_row = (self.rows.end - 1) * self.y_stride;
        let y_reach = last_row + latest(0) + ((self.run_len - 1) * self.y_step + 1) * lanes;
        let x_reach = self.x_starts.iter().max().unwrap_or(&0) + latest(1) + self.run_len * lanes;
        assert!(self.runs.is_empty() || y_reach <= self.y.len(), "y is too short");
        assert!(self.runs.is_empty() || self.x_starts.is_empty() || x_reach <= self.x.len(), "x is too short");
        assert_eq!(self.sums.len(), self.rows.len() * self.x_starts.len() * lanes, "a vector for each sum");
    }

    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, rows: Range<usize>, columns: Range<usize>) {
        macro_rules! cases {
            ($($rows:literal $columns:literal),*) => {
                match (rows.len(), columns.len()) {
                    $(($rows, $columns) => self.add::<S, $rows, $columns>(simd, rows.start, columns.start),)*
                    size => unreachable!("no kernel for a block of {size:?}"),
                }
            };
        }
        if S::REGISTER_COUNT >= 32 {
            cases!(1 1, 1 2, 1 3, 1 4, 1 5, 2 1, 2 2, 2 3, 2 4, 2 5, 3 1, 3 2, 3 3, 3 4, 3 5, 4 1, 4 2, 4 3, 4 4, 4 5);
        } else {
            cases!(1 1, 1 2, 1 3, 1 4, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4);
        }
    }

    /// The block of `O` rows and `J` columns from these on, which count from the first that there are.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn add<S: Simd, const O: usize, const J: usize>(&mut self, simd: S, row: usize, column: usize) {
        let columns = self.x_starts.len();
        let totals = T::as_vectors_mut::<S>(self.sums).0;
        let mut sums = [[T::splat(simd, T::ZERO); J]; O];
        for o in 0..O {
            sums[o].copy_from_slice(&totals[(row + o) * columns + column..][..J]);
        }
        let first = (self.rows.start + row) * self.y_stride;
        for &[y_start, x_start] in self.runs {
            let mut walk = Walk::<T::Vector<S>, O, J> {
                y: [self.y.as_ptr().cast(); O],
                x: [self.x.as_ptr().cast(); J],
                y_step: self.y_step,
                passed: [0, 0],
            };
            for o in 0..O {
                walk.y[o] = apart(self.y.as_ptr().wrapping_add(first + o * self.y_stride + y_start)).cast();
            }
            for j in 0..J {
                walk.x[j] = apart(self.x.as_ptr().wrapping_add(self.x_starts[column + j] + x_start)).cast();
            }
            for _ in 0..self.run_len / TOGETHER {
                for index in 0..TOGETHER {
                    // SAFETY: all positions of all runs lie inside `y` and `x` (`check`).
                    unsafe { walk.position::<T, S>(simd, &mut sums, index) };
                }
                walk.advance(TOGETHER);
            }
            for _ in 0..self.run_len % TOGETHER {
                // SAFETY: as above.
                unsafe { walk.position::<T, S>(simd, &mut sums, 0) };
                walk.advance(1);
            }
        }
        for o in 0..O {
            totals[(row + o) * columns + column..][..J].copy_from_slice(&sums[o]);
        }
    }
}

/// Adds the lanes of each vector of `sums` to a number of `totals`.
#[inline(always)]
pub(crate) fn add_lane_sums<T: Lanes, S: Simd>(simd: S, totals: &mut [T], sums: &[T]) {
    for (total, &sum) in totals.iter_mut().zip(T::as_vectors::<S>(sums).0) {
        *total = *total + T::sum_lanes(simd, sum);
    }
}

/// A walk along a run, of vectors `V`.
struct Walk<V, const O: usize, const J: usize> {
    /// Where the rows and columns begin.
    y: [*const V; O],
    x: [*const V; J],
    y_step: usize,
    /// How far the walk has come in `y` and in `x`.
    passed: [usize; 2],
}

impl<V: Copy, const O: usize, const J: usize> Walk<V, O, J> {
    /// Adds the products of the `index`-th position from here on.
    ///
    /// # Safety
    /// Its vectors must lie in memory that can be read.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn position<T: Lanes<Vector<S> = V>, S: Simd>(&self, simd: S, sums: &mut [[V; J]; O], index: usize) {
        let [y_passed, x_passed] = self.passed;
        // Loops, not `array::from_fn`: that is compiled without the vector instructions, and called.
        let mut y = [T::splat(simd, T::ZERO); O];
        for o in 0..O {
            // SAFETY: by this function's terms.
            y[o] = unsafe { self.y[o].wrapping_add(y_passed + index * self.y_step).read_unaligned() };
        }
        for j in 0..J {
            // SAFETY: by this function's terms.
            let x = unsafe { self.x[j].wrapping_add(x_passed + index).read_unaligned() };
            for o in 0..O {
                sums[o][j] = T::mul_add(simd, y[o], x, sums[o][j]);
            }
        }
    }

    #[inline(always)]
    fn advance(&mut self, positions: usize) {
        self.passed[0] += positions * self.y_step;
        self.passed[1] += positions;
    }
}
