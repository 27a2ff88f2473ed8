//! A small matrix product whose sums stay in registers: the inner loop of matrix products and of
//! convolutions with channels innermost.
//!
//! `c[o] = start + sum over r of a[o, r] b[r]`, where `c[o]` and `b[r]` are rows of a few vectors and `a[o, r]` is a number,
//! read as a broadcast. A block of `O x V` sums is `V` loads, `O` broadcasts and `O V` multiply-adds for each `r`. The sum
//! can run over several segments of `a`, such as the rows of a window. While a block is computed, the next block's rows can be
//! asked for ([`Product::ahead`]), so that none waits for memory.
//!
//! | | `O` | `V` |
//! |---|---|---|
//! | 32 registers (AVX-512, NEON) | up to 6 | up to 4 |
//! | 16 registers (AVX2) | up to 6 | up to 2 |

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cut::balanced;
use crate::lanes::Lanes;
use crate::shared::SharedSlice;

/// Most rows in a register block.
const MAX_ROWS: usize = 6;

/// Most vectors in a row of a [`Product`].
pub(crate) const fn widest(registers: usize) -> usize {
    if registers >= 32 { 4 } else { 2 }
}

/// One product. In segment `s`, `a` holds element (o, r) at `segments[s] + o * a_row + r * a_step`; the rows of `b` are
/// counted through all segments, and begin `b_step` apart; row `o` of `c` begins at `o * c_row`.
pub(crate) struct Product<'a, T> {
    pub a: &'a [T],
    pub a_row: usize,
    pub a_step: usize,
    pub segments: &'a [usize],
    /// Terms of the sum in a segment.
    pub depth: usize,
    pub b: &'a [T],
    pub b_step: usize,
    /// Written nowhere but in its rows: what lies between them may be other threads'.
    pub c: SharedSlice<'a, T>,
    pub c_row: usize,
    /// Rows of `a` and `c`.
    pub rows: usize,
    /// Vectors in a row of `b` and `c`, at most [`widest`].
    pub vectors: usize,
    pub start: Start<'a, T>,
    /// Whether to ask ahead of time for the next rows of `a` and `c`, and for what is read after this product, such as the
    /// next one's `b`: where they may lie beyond the nearer caches.
    pub ahead: Option<Runs<'a, T>>,
}

/// Runs of `len` numbers whose begins lie `step` apart.
#[derive(Clone, Copy)]
pub(crate) struct Runs<'a, T> {
    pub memory: &'a [T],
    pub len: usize,
    pub step: usize,
}

impl<'a, T> Runs<'a, T> {
    pub const NONE: Self = Self { memory: &[], len: 0, step: 1 };

    /// The first `count` of the runs in `memory`, each of `len` numbers; one that is repeated (`step` is 0) counts once.
    pub fn new(memory: &'a [T], step: usize, len: usize, count: usize) -> Self {
        let whole = if count == 0 { 0 } else { (count - 1) * step + len };
        Self { memory: &memory[..whole], len, step: step.max(1) }
    }

    /// One run, all of `memory`.
    pub const fn one(memory: &'a [T]) -> Self {
        Self { memory, len: memory.len(), step: memory.len() }
    }
}

/// What the sums start from.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, T> {
    Zero,
    /// What `c` holds.
    Sums,
    /// This row of `vectors`, for every row of `c`.
    Row(&'a [T]),
}

impl<'a, T> Start<'a, T> {
    /// The start of some of the rows, where a [`Row`](Start::Row) has a value for each.
    pub fn of_rows(self, rows: Range<usize>) -> Self {
        match self {
            Self::Row(row) => Self::Row(&row[rows]),
            start => start,
        }
    }
}

impl<T: Lanes> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.rows == 0 {
            return;
        }
        let width = self.vectors * T::lanes::<S>();
        let reach = |count: usize, step: usize, len: usize| if count == 0 { 0 } else { (count - 1) * step + len };
        if let Some(last) = self.segments.iter().max() {
            let segment = reach(self.rows, self.a_row, reach(self.depth, self.a_step, 1));
            assert!(last + segment <= self.a.len(), "a is too short");
        }
        assert!(reach(self.segments.len() * self.depth, self.b_step, width) <= self.b.len(), "b is too short");
        assert!(reach(self.rows, self.c_row, width) <= self.c.len(), "c is too short");
        match self.vectors {
            1 => self.rows_of::<S, 1>(simd),
            2 => self.rows_of::<S, 2>(simd),
            3 if S::REGISTER_COUNT >= 32 => self.rows_of::<S, 3>(simd),
            4 if S::REGISTER_COUNT >= 32 => self.rows_of::<S, 4>(simd),
            _ => unreachable!("a row of {} vectors", self.vectors),
        }
    }
}

impl<T: Lanes> Product<'_, T> {
    #[inline(always)]
    fn rows_of<S: Simd, const V: usize>(&mut self, simd: S) {
        let blocks = self.rows.div_ceil(MAX_ROWS);
        let steps = blocks * self.segments.len() * self.depth.div_ceil(line::<T>());
        let mut next = Lines::new(self.ahead.unwrap_or(Runs::NONE), steps);
        for index in 0..blocks {
            let rows = balanced(self.rows, blocks, index);
            match rows.len() {
                1 => self.block::<S, V, 1>(simd, rows.start, &mut next),
                2 => self.block::<S, V, 2>(simd, rows.start, &mut next),
                3 => self.block::<S, V, 3>(simd, rows.start, &mut next),
                4 => self.block::<S, V, 4>(simd, rows.start, &mut next),
                5 => self.block::<S, V, 5>(simd, rows.start, &mut next),
                _ => self.block::<S, V, MAX_ROWS>(simd, rows.start, &mut next),
            }
        }
    }

    /// The vectors of a row of `c`.
    #[inline(always)]
    fn row<S: Simd>(&mut self, row: usize, len: usize) -> &mut [T::Vector<S>] {
        // SAFETY: the product has `c` to itself, and asks for one row at a time.
        T::as_vectors_mut::<S>(unsafe { self.c.part(row * self.c_row, len) }).0
    }

    /// Asks for `O` rows of `c`, which need not be there.
    #[inline(always)]
    fn prefetch_rows<const O: usize>(&self, first: usize, len: usize) {
        for o in 0..O {
            prefetch_row(self.c.start().wrapping_add((first + o) * self.c_row), len);
        }
    }

    /// The rows from `first` on. `with_simd` has checked that all of them lie inside the slices.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn block<S: Simd, const V: usize, const O: usize>(&mut self, simd: S, first: usize, next: &mut Lines<T>) {
        let lanes = T::lanes::<S>();
        let mut sums = [[T::splat(simd, T::ZERO); V]; O];
        for o in 0..O {
            match self.start {
                Start::Zero => {}
                Start::Sums => sums[o].copy_from_slice(self.row::<S>(first + o, V * lanes)),
                Start::Row(row) => sums[o].copy_from_slice(T::as_vectors::<S>(&row[..V * lanes]).0),
            }
        }
        let ahead = self.ahead.is_some();
        if ahead {
            self.prefetch_rows::<O>(first + O, V * lanes);
        }
        let mut b = self.b.as_ptr();
        for &segment in self.segments {
            let a = self.a[segment + first * self.a_row..].as_ptr();
            let step = if ahead { line::<T>() } else { self.depth.max(1) };
            for begin in (0..self.depth).step_by(step) {
                next.prefetch();
                if ahead && self.a_step == 1 {
                    for o in 0..O {
                        prefetch(a.wrapping_add((O + o) * self.a_row + begin));
                    }
                }
                for r in begin..self.depth.min(begin + step) {
                    let mut row = [T::splat(simd, T::ZERO); V];
                    for v in 0..V {
                        // SAFETY: the row's `vectors * lanes` numbers lie inside `b` (checked in `with_simd`).
                        row[v] = unsafe { b.add(v * lanes).cast::<T::Vector<S>>().read_unaligned() };
                    }
                    b = b.wrapping_add(self.b_step);
                    for o in 0..O {
                        // SAFETY: element (first + o, r) lies inside `a` (checked in `with_simd`).
                        let factor = T::splat(simd, unsafe { *a.add(o * self.a_row + r * self.a_step) });
                        for v in 0..V {
                            sums[o][v] = T::mul_add(simd, factor, row[v], sums[o][v]);
                        }
                    }
                }
            }
        }
        for o in 0..O {
            self.row::<S>(first + o, V * lanes).copy_from_slice(&sums[o]);
        }
    }
}

/// Numbers in a line of the caches, of 64 bytes.
const fn line<T>() -> usize {
    64 / size_of::<T>()
}

/// Memory to be asked for, some lines in each of a number of steps.
struct Lines<T> {
    place: *const T,
    each: usize,
    /// Lines of a run, and those left of the present one.
    run: usize,
    left: usize,
    /// From the end of a run to the next one's begin.
    gap: usize,
}

impl<T> Lines<T> {
    #[inline(always)]
    fn new(runs: Runs<'_, T>, steps: usize) -> Self {
        let place = runs.memory.as_ptr();
        // Most products have nothing to ask for, and a division would take as long as a part of some.
        if runs.memory.is_empty() || steps == 0 {
            return Self { place, each: 0, run: 0, left: 0, gap: 0 };
        }
        let run = runs.len.div_ceil(line::<T>());
        let each = (runs.memory.len().div_ceil(runs.step) * run).div_ceil(steps);
        Self { place, each, run, left: run, gap: runs.step.wrapping_sub(run * line::<T>()) }
    }

    #[inline(always)]
    fn prefetch(&mut self) {
        for _ in 0..self.each {
            prefetch(self.place);
            self.place = self.place.wrapping_add(line::<T>());
            self.left -= 1;
            if self.left == 0 {
                self.left = self.run;
                self.place = self.place.wrapping_add(self.gap);
            }
        }
    }
}

/// Asks for the lines of `len` numbers, if they are memory.
#[inline(always)]
pub(crate) fn prefetch_row<T>(start: *const T, len: usize) {
    for place in (0..len).step_by(line::<T>()) {
        prefetch(start.wrapping_add(place));
    }
}

/// Asks for a line of memory, if it is any.
#[inline(always)]
fn prefetch<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: nothing is read: the processor takes it as a hint, and any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
