//! A small matrix product whose sums stay in registers: the inner loop of matrix products and of
//! convolutions with channels innermost.
//!
//! `c[o] = start + sum over r of a[o, r] b[r]`, where `c[o]` and `b[r]` are rows of a few vectors and `a[o, r]` is a number,
//! read as a broadcast. A block of `O x V` sums is `V` loads, `O` broadcasts and `O V` multiply-adds for each `r`. The sum
//! can run over several segments of `a`, such as the rows of a window. While a block is computed, the next block's rows can be
//! asked for ([`Product::ahead`]), so that none waits for memory.
//!
//! A block is bound by the instructions that the processor can begin, not by its multiply-adds, where two threads share a core:
//! so a few terms share the arithmetic of their places ([`Walk`]), and what is read later is asked for seldom.
//!
//! | | `O` | `V` |
//! |---|---|---|
//! | 32 registers (AVX-512, NEON) | up to 6, or 12 where `V` is 1 | up to 4 |
//! | 16 registers (AVX2) | up to 6 | up to 2 |

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cut::balanced;
use crate::lanes::Lanes;
use crate::prefetch::{line, prefetch};
use crate::shared::SharedSlice;

/// Most rows in a register block.
const MAX_ROWS: usize = 6;
/// The same where a row is one vector, with 32 registers: as many multiply-adds have to be under way at any time.
const MAX_SHORT_ROWS: usize = 12;
/// Terms that share the arithmetic of their places.
const TOGETHER: usize = 4;
/// Lines of terms between two requests of what is read later: a request costs some instructions.
const BETWEEN: usize = 4;
/// What lies next to each other in `a`: a row's numbers of all terms, or a term's numbers of all rows.
const TERMS: bool = true;
const ROWS: bool = false;

/// Most vectors in a row of a [`Product`].
pub(crate) const fn widest(registers: usize) -> usize {
    if registers >= 32 { 4 } else { 2 }
}

/// One product. In segment `s`, `a` holds element (o, r) at `segments[s] + o * a_row + r * a_step`, where one of the steps is
/// 1; the rows of `b` are counted through all segments, and begin `b_step` apart; row `o` of `c` begins at `o * c_row`.
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
    /// What is asked for ahead of time, where it may lie beyond the nearer caches.
    pub ahead: Option<Ahead<'a, T>>,
}

/// What a [`Product`] asks for while it computes a block, besides the next block's rows of `c`.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a, T> {
    /// The next block's rows of `a`, if a row's numbers are neighbours.
    pub rows: bool,
    /// What is read after this product, such as the next one's `b`.
    pub then: Runs<'a, T>,
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
    pub fn one(memory: &'a [T]) -> Self {
        Self::new(memory, memory.len(), memory.len(), usize::from(!memory.is_empty()))
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

/// Products of one shape, each of whose operands lies as far from the last one's.
struct Series<'a, T> {
    first: Product<'a, T>,
    count: usize,
    /// Distances in `a`, `b` and `c`.
    next: [usize; 3],
}

impl<T: Lanes> Product<'_, T> {
    /// Computes the product.
    #[inline(always)]
    pub fn run<S: Simd>(self, simd: S) {
        self.run_series(simd, 1, [0; 3]);
    }

    /// Computes `count` products, each of whose `a`, `b` and `c` begin `next` after the last one's: where products are small, to
    /// begin one takes a good part of its time. A function of its own, never inlined: its many blocks are compiled once.
    #[inline(never)]
    pub fn run_series<S: Simd>(self, simd: S, count: usize, next: [usize; 3]) {
        simd.vectorize(Series { first: self, count, next });
    }
}

impl<T: Lanes> WithSimd for Series<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.first.rows == 0 || self.count == 0 {
            return;
        }
        self.check::<S>();
        match self.first.vectors {
            1 => self.rows_of::<S, 1>(simd),
            2 => self.rows_of::<S, 2>(simd),
            3 if S::REGISTER_COUNT >= 32 => self.rows_of::<S, 3>(simd),
            4 if S::REGISTER_COUNT >= 32 => self.rows_of::<S, 4>(simd),
            vectors => unreachable!("a row of {vectors} vectors"),
        }
    }
}

impl<T: Lanes> Series<'_, T> {
    /// Checks that all that will be read and written lies inside the slices.
    #[inline(always)]
    fn check<S: Simd>(&self) {
        let Product { a, a_row, a_step, segments, depth, b, b_step, c, c_row, rows, vectors, .. } = &self.first;
        assert!(*a_row == 1 || *a_step == 1, "neither rows nor terms of a are neighbours");
        let width = vectors * T::lanes::<S>();
        let reach = |count: usize, step: usize, len: usize| if count == 0 { 0 } else { (count - 1) * step + len };
        let [a_next, b_next, c_next] = self.next.map(|next| (self.count - 1) * next);
        if let Some(last) = segments.iter().max() {
            let segment = reach(*rows, *a_row, reach(*depth, *a_step, 1));
            assert!(a_next + last + segment <= a.len(), "a is too short");
        }
        assert!(b_next + reach(segments.len() * depth, *b_step, width) <= b.len(), "b is too short");
        assert!(c_next + reach(*rows, *c_row, width) <= c.len(), "c is too short");
    }

    #[inline(always)]
    fn rows_of<S: Simd, const V: usize>(&mut self, simd: S) {
        match self.first.a_step {
            1 => self.products::<S, V, TERMS>(simd),
            _ => self.products::<S, V, ROWS>(simd),
        }
    }

    #[inline(always)]
    fn products<S: Simd, const V: usize, const NEIGHBOURS: bool>(&mut self, simd: S) {
        let (product, [a_next, b_next, c_next]) = (&mut self.first, self.next);
        for index in 0..self.count {
            if index > 0 {
                (product.a, product.b) = (&product.a[a_next..], &product.b[b_next..]);
                product.c = product.c.rest(c_next);
            }
            product.blocks::<S, V, NEIGHBOURS>(simd);
        }
    }
}

impl<T: Lanes> Product<'_, T> {
    #[inline(always)]
    fn blocks<S: Simd, const V: usize, const NEIGHBOURS: bool>(&mut self, simd: S) {
        let blocks = self.rows.div_ceil(if V == 1 && S::REGISTER_COUNT >= 32 { MAX_SHORT_ROWS } else { MAX_ROWS });
        let mut asked = Asked::new(self, blocks, V * T::lanes::<S>());
        for index in 0..blocks {
            // Two divisions, which one block does not need.
            let rows = if blocks == 1 { 0..self.rows } else { balanced(self.rows, blocks, index) };
            match rows.len() {
                1 => self.block::<S, V, 1, NEIGHBOURS>(simd, rows.start, &mut asked),
                2 => self.block::<S, V, 2, NEIGHBOURS>(simd, rows.start, &mut asked),
                3 => self.block::<S, V, 3, NEIGHBOURS>(simd, rows.start, &mut asked),
                4 => self.block::<S, V, 4, NEIGHBOURS>(simd, rows.start, &mut asked),
                5 => self.block::<S, V, 5, NEIGHBOURS>(simd, rows.start, &mut asked),
                6 => self.block::<S, V, 6, NEIGHBOURS>(simd, rows.start, &mut asked),
                7 if V == 1 => self.block::<S, V, 7, NEIGHBOURS>(simd, rows.start, &mut asked),
                8 if V == 1 => self.block::<S, V, 8, NEIGHBOURS>(simd, rows.start, &mut asked),
                9 if V == 1 => self.block::<S, V, 9, NEIGHBOURS>(simd, rows.start, &mut asked),
                10 if V == 1 => self.block::<S, V, 10, NEIGHBOURS>(simd, rows.start, &mut asked),
                11 if V == 1 => self.block::<S, V, 11, NEIGHBOURS>(simd, rows.start, &mut asked),
                12 if V == 1 => self.block::<S, V, 12, NEIGHBOURS>(simd, rows.start, &mut asked),
                count => unreachable!("a block of {count} rows"),
            }
        }
    }

    /// The vectors of a row of `c`.
    #[inline(always)]
    fn row<S: Simd>(&mut self, row: usize, len: usize) -> &mut [T::Vector<S>] {
        // SAFETY: the product has `c` to itself, and asks for one row at a time.
        T::as_vectors_mut::<S>(unsafe { self.c.part(row * self.c_row, len) }).0
    }

    /// The rows from `first` on, all of which lie inside the slices (`check`).
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn block<S: Simd, const V: usize, const O: usize, const NEIGHBOURS: bool>(
        &mut self,
        simd: S,
        first: usize,
        asked: &mut Asked<T>,
    ) {
        let lanes = T::lanes::<S>();
        let mut sums = [[T::splat(simd, T::ZERO); V]; O];
        for o in 0..O {
            match self.start {
                Start::Zero => {}
                Start::Sums => sums[o].copy_from_slice(self.row::<S>(first + o, V * lanes)),
                Start::Row(row) => sums[o].copy_from_slice(T::as_vectors::<S>(&row[..V * lanes]).0),
            }
        }
        asked.begin(self.c.start().wrapping_add((first + O) * self.c_row));
        let mut b = Walk::<T, 1, ROWS>::new(self.b.as_ptr(), 0, self.b_step);
        for &segment in self.segments {
            let start = self.a[segment + first * self.a_row..].as_ptr();
            let mut a = Walk::<T, O, NEIGHBOURS>::new(start, self.a_row, self.a_step);
            let mut begin = 0;
            while begin < self.depth {
                asked.prefetch();
                if asked.rows {
                    (O..2 * O).for_each(|o| prefetch(start.wrapping_add(o * self.a_row + begin)));
                }
                let terms = asked.terms.min(self.depth - begin);
                for _ in 0..terms / TOGETHER {
                    for index in 0..TOGETHER {
                        // SAFETY: the terms' numbers lie inside `a` and `b` (`check`).
                        unsafe { term::<T, S, V, O, NEIGHBOURS>(simd, &mut sums, &a, &b, index) };
                    }
                    a.advance(TOGETHER);
                    b.advance(TOGETHER);
                }
                for _ in 0..terms % TOGETHER {
                    // SAFETY: as above.
                    unsafe { term::<T, S, V, O, NEIGHBOURS>(simd, &mut sums, &a, &b, 0) };
                    a.advance(1);
                    b.advance(1);
                }
                begin += terms;
            }
        }
        for o in 0..O {
            self.row::<S>(first + o, V * lanes).copy_from_slice(&sums[o]);
        }
    }
}

/// Adds to a block's sums the products of a row of `b` with the numbers of `a`, of the `index`-th term from here on.
///
/// # Safety
/// They must lie in memory that can be read.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
unsafe fn term<T: Lanes, S: Simd, const V: usize, const O: usize, const NEIGHBOURS: bool>(
    simd: S,
    sums: &mut [[T::Vector<S>; V]; O],
    a: &Walk<T, O, NEIGHBOURS>,
    b: &Walk<T, 1, ROWS>,
    index: usize,
) {
    let mut row = [T::splat(simd, T::ZERO); V];
    for v in 0..V {
        // SAFETY: by this function's terms.
        row[v] = unsafe { b.place(v * T::lanes::<S>(), index).cast::<T::Vector<S>>().read_unaligned() };
    }
    for o in 0..O {
        // SAFETY: by this function's terms.
        let factor = T::splat(simd, unsafe { *a.place(o, index) });
        for v in 0..V {
            sums[o][v] = T::mul_add(simd, factor, row[v], sums[o][v]);
        }
    }
}

/// A walk through the terms: the places of `O` rows' numbers in the next few, had with as few instructions as can be.
struct Walk<T, const O: usize, const NEIGHBOURS: bool> {
    /// Where the rows begin; if a term's numbers are neighbours, the first alone, and it moves.
    rows: [*const T; O],
    /// The last of the next terms, if a term's numbers are neighbours: an address adds one, two or four steps, but not three.
    last: *const T,
    /// How far the walk has come from where the rows begin.
    passed: usize,
    step: usize,
}

impl<T, const O: usize, const NEIGHBOURS: bool> Walk<T, O, NEIGHBOURS> {
    #[inline(always)]
    fn new(start: *const T, row: usize, step: usize) -> Self {
        let mut rows = [start; O];
        if NEIGHBOURS == TERMS {
            rows.iter_mut().enumerate().for_each(|(o, place)| *place = apart(start.wrapping_add(o * row)));
        }
        let step = if NEIGHBOURS == TERMS { 1 } else { step };
        Self { rows, last: apart(start.wrapping_add((TOGETHER - 1) * step)), passed: 0, step }
    }

    /// A row's number in one of the next `TOGETHER` terms.
    #[inline(always)]
    fn place(&self, row: usize, index: usize) -> *const T {
        match NEIGHBOURS {
            ROWS if index + 1 == TOGETHER => self.last.wrapping_add(row),
            ROWS => self.rows[0].wrapping_add(index * self.step + row),
            TERMS => self.rows[row].wrapping_add(self.passed + index),
        }
    }

    #[inline(always)]
    fn advance(&mut self, terms: usize) {
        if NEIGHBOURS == ROWS {
            self.rows[0] = self.rows[0].wrapping_add(terms * self.step);
            self.last = self.last.wrapping_add(terms * self.step);
        } else {
            self.passed += terms;
        }
    }
}

/// The same place, of which the compiler does not know that it could be had from another: it has a register of its own, where
/// the compiler would rather add a row's distance again and again.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)]
pub(crate) fn apart<T>(place: *const T) -> *const T {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let place = {
        let mut place = place;
        // SAFETY: no instruction at all.
        unsafe { std::arch::asm!("/* {} */", inout(reg) place, options(pure, nomem, nostack, preserves_flags)) };
        place
    };
    place
}

/// What a product has asked for so far.
struct Asked<T> {
    /// Terms between two requests.
    terms: usize,
    /// Whether rows of `a` are among them.
    rows: bool,
    c: Lines<T>,
    then: Lines<T>,
}

impl<T: Lanes> Asked<T> {
    #[inline(always)]
    fn new(product: &Product<'_, T>, blocks: usize, width: usize) -> Self {
        let Some(ahead) = product.ahead else {
            return Self { terms: product.depth.max(1), rows: false, c: Lines::NONE, then: Lines::NONE };
        };
        let rows = ahead.rows && product.a_step == 1;
        let terms = if rows { line::<T>() } else { BETWEEN * line::<T>() };
        let steps = product.segments.len() * product.depth.div_ceil(terms);
        let c = Lines::new((product.c.start(), product.c_row), width, MAX_ROWS, steps);
        let Runs { memory, len, step } = ahead.then;
        let then = Lines::new((memory.as_ptr(), step), len, memory.len().div_ceil(step), blocks * steps);
        Self { terms, rows, c, then }
    }

    /// Begins a block, whose next one's rows of `c` are at `place`, if there are any.
    #[inline(always)]
    fn begin(&mut self, place: *const T) {
        self.c.place = place;
        self.c.left = self.c.run;
    }

    #[inline(always)]
    fn prefetch(&mut self) {
        self.c.prefetch();
        self.then.prefetch();
    }
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
    const NONE: Self = Self { place: std::ptr::null(), each: 0, run: 0, left: 0, gap: 0 };

    /// `count` runs of `len` numbers whose begins lie `step` apart.
    #[inline(always)]
    fn new((place, step): (*const T, usize), len: usize, count: usize, steps: usize) -> Self {
        // Most products have nothing to ask for, and a division would take as long as a part of some.
        if count == 0 || steps == 0 {
            return Self::NONE;
        }
        let run = len.div_ceil(line::<T>());
        Self { place, each: (count * run).div_ceil(steps), run, left: run, gap: step.wrapping_sub(run * line::<T>()) }
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
