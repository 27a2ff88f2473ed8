//! Dot products of many pairs of rows, `sum over i of y[o][i] x[j][i]`, with SIMD lanes along `i`: matrix products with
//! few columns, and convolutions' gradients of the weight.
//!
//! `i` is cut into *runs* of consecutive vectors. Blocks of `O x J` sums stay in registers over all runs; a position is
//! `O + J` loads for `O J` multiply-adds. As in `product.rs`, the arithmetic of their places is kept small: the rows are had from
//! one place that moves, each column has a register for where it begins, and two positions share how far they are ([`Walk`]).
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
    /// Whether `sums` holds nothing yet: the products are written, not added.
    pub fresh: bool,
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
            if self.fresh {
                self.sums.fill(T::ZERO);
            }
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
        if !self.fresh {
            for o in 0..O {
                sums[o].copy_from_slice(&totals[(row + o) * columns + column..][..J]);
            }
        }
        let first = (self.rows.start + row) * self.y_stride;
        for &[y_start, x_start] in self.runs {
            let mut walk = Walk::<T, O, J> {
                y: self.y.as_ptr().wrapping_add(first + y_start),
                y_stride: self.y_stride,
                y_step: self.y_step * T::lanes::<S>(),
                x: [self.x.as_ptr(); J],
                passed: 0,
            };
            for j in 0..J {
                walk.x[j] = apart(walk.x[j].wrapping_add(self.x_starts[column + j] + x_start));
            }
            for _ in 0..self.run_len / TOGETHER {
                for index in 0..TOGETHER {
                    // SAFETY: all positions of all runs lie inside `y` and `x` (`check`).
                    unsafe { walk.position::<S>(simd, &mut sums, index) };
                }
                walk.passed += TOGETHER * T::lanes::<S>();
            }
            for index in 0..self.run_len % TOGETHER {
                // SAFETY: as above.
                unsafe { walk.position::<S>(simd, &mut sums, index) };
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

/// A walk along a run.
struct Walk<T, const O: usize, const J: usize> {
    /// The first row's vector at the present position; it moves, and the other rows are had from it.
    y: *const T,
    y_stride: usize,
    y_step: usize,
    /// Where the columns begin.
    x: [*const T; J],
    /// How far the walk has come in `x`, in some positions at a time.
    passed: usize,
}

impl<T: Lanes, const O: usize, const J: usize> Walk<T, O, J> {
    /// Adds the products of the present position, the `index`-th from where `passed` points, and moves on.
    ///
    /// # Safety
    /// Its vectors must lie in memory that can be read.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn position<S: Simd>(&mut self, simd: S, sums: &mut [[T::Vector<S>; J]; O], index: usize) {
        // SAFETY: by this function's terms.
        let read = |place: *const T| unsafe { place.cast::<T::Vector<S>>().read_unaligned() };
        // Loops, not `array::from_fn`: that is compiled without the vector instructions, and called.
        let mut y = [T::splat(simd, T::ZERO); O];
        for o in 0..O {
            y[o] = read(self.y.wrapping_add(o * self.y_stride));
        }
        for j in 0..J {
            let x = read(self.x[j].wrapping_add(self.passed + index * T::lanes::<S>()));
            for o in 0..O {
                sums[o][j] = T::mul_add(simd, y[o], x, sums[o][j]);
            }
        }
        // Hidden, lest the compiler keep a place for every row and position, more than there are registers.
        self.y = apart(self.y.wrapping_add(self.y_step));
    }
}
