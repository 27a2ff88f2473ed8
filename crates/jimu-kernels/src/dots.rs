//! Dot products of many pairs of rows, `sum over i of y[o][i] x[j][i]`, with SIMD lanes along `i`: matrix products with
//! few columns, and convolutions' gradients of the weight.
//!
//! `i` is cut into *runs* of consecutive vectors. Blocks of `O x J` sums stay in registers over all runs; a position is
//! `O + J` loads for `O J` multiply-adds.

use pulp::Simd;

use crate::cut::balanced;
use crate::lanes::Lanes;

/// The largest block of rows (`o`) and columns (`j`).
pub(crate) const fn largest_block(registers: usize) -> [usize; 2] {
    if registers >= 32 { [4, 5] } else { [3, 4] }
}

/// Rows of `y` and columns of `x`, over some runs.
pub(crate) struct Dots<'a, T> {
    pub y: &'a [T],
    pub x: &'a [T],
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
}

/// What is done with a sum: called once per row and column with the sums of all lanes.
pub(crate) trait Sink<T: Lanes, S: Simd> {
    fn add(&mut self, simd: S, row: usize, column: usize, sum: T::Vector<S>);
}

impl<T: Lanes> Dots<'_, T> {
    /// Computes the rows `rows` (by number in `y`) and all columns.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, rows: std::ops::Range<usize>, sink: &mut impl Sink<T, S>) {
        let [row_block, column_block] = largest_block(S::REGISTER_COUNT);
        let row_blocks = rows.len().div_ceil(row_block);
        let column_blocks = self.x_starts.len().div_ceil(column_block);
        for row_index in 0..row_blocks {
            let block_rows = balanced(rows.len(), row_blocks, row_index);
            for column_index in 0..column_blocks {
                let columns = balanced(self.x_starts.len(), column_blocks, column_index);
                let size = (block_rows.len(), columns.len());
                self.block(simd, rows.start + block_rows.start, columns.start, size, sink);
            }
        }
    }

    #[inline(always)]
    fn block<S: Simd>(&self, simd: S, row: usize, column: usize, size: (usize, usize), sink: &mut impl Sink<T, S>) {
        macro_rules! cases {
            ($($rows:literal $columns:literal),*) => {
                match size {
                    $(($rows, $columns) => self.sums::<S, $rows, $columns>(simd, row, column, sink),)*
                    _ => unreachable!("no kernel for a block of {size:?}"),
                }
            };
        }
        if S::REGISTER_COUNT >= 32 {
            cases!(1 1, 1 2, 1 3, 1 4, 1 5, 2 1, 2 2, 2 3, 2 4, 2 5, 3 1, 3 2, 3 3, 3 4, 3 5, 4 1, 4 2, 4 3, 4 4, 4 5);
        } else {
            cases!(1 1, 1 2, 1 3, 1 4, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4);
        }
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn sums<S: Simd, const O: usize, const J: usize>(
        &self,
        simd: S,
        row: usize,
        column: usize,
        sink: &mut impl Sink<T, S>,
    ) {
        let len = self.run_len * T::lanes::<S>();
        let y_vectors = (self.run_len - 1) * self.y_step + 1;
        let zero = T::splat(simd, T::ZERO);
        let mut sums = [[zero; J]; O];
        for &[y_start, x_start] in self.runs {
            let mut ys = [&[] as &[T::Vector<S>]; O];
            let mut xs = [&[] as &[T::Vector<S>]; J];
            for o in 0..O {
                let y = &self.y[(row + o) * self.y_stride + y_start..][..y_vectors * T::lanes::<S>()];
                ys[o] = &T::as_vectors::<S>(y).0[..y_vectors];
            }
            for j in 0..J {
                xs[j] = &T::as_vectors::<S>(&self.x[self.x_starts[column + j] + x_start..][..len]).0[..self.run_len];
            }
            for i in 0..self.run_len {
                // Loops, not `array::from_fn`: that is compiled without the vector instructions, and called.
                let mut y = [zero; O];
                for o in 0..O {
                    y[o] = ys[o][i * self.y_step];
                }
                for j in 0..J {
                    let x = xs[j][i];
                    for o in 0..O {
                        sums[o][j] = T::mul_add(simd, y[o], x, sums[o][j]);
                    }
                }
            }
        }
        for (o, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                sink.add(simd, row + o, column + j, sum);
            }
        }
    }
}
