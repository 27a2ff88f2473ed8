//! Recurrent networks: a state that is renewed step by step, and the way back through the steps.
//!
//! ```text
//! the samples of a batch do not meet    so a task takes some of them through all steps, without waiting for others
//! weights stay from step to step        so they are packed once, in the order in which the product reads them (`packed`)
//! a step                                rows of the state times the weights, then the gates (`cell`), while both are
//!                                       in the nearest caches
//! the gradient of the weights           is left to one large product over all steps at the end, for the caller to make
//! ```
//! How many samples a task takes depends on the size of the weights only: the bits do not depend on threads.

mod cell;
mod packed;
#[cfg(test)]
mod tests;

use cell::Back;
pub use cell::Cell;
use packed::Packed;
use pulp::{Simd, WithSimd};

use crate::lanes::Lanes;
use crate::math::Elementary;
use crate::shared::SharedSlice;
use crate::simd;
use crate::threads::parallel_for;

/// Samples of a task, as long as the weights fit a second-level cache.
const FEW: usize = 8;
/// Samples of a task otherwise: the weights are then read from far away, and should serve more of them.
const MANY: usize = 32;
/// Bytes of weights that fit.
const NEAR: usize = 1 << 20;

/// An element type that recurrent networks are computed in: `f32` and `f64`.
pub trait RecurrentElement: Lanes + Elementary {}

impl RecurrentElement for f32 {}
impl RecurrentElement for f64 {}

/// A network and its sizes.
///
/// States are kept as [`slots`](Self::slots) of [batch, hidden]: the initial one, one for each step, and, if there is a
/// memory, its last; the initial one at the end that the steps begin at, the memory at the other.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// What each step does.
    pub cell: Cell,
    /// Steps.
    pub steps: usize,
    /// Samples.
    pub batch: usize,
    /// Units.
    pub hidden: usize,
    /// Whether the steps are taken from the last to the first.
    pub reverse: bool,
}

impl Recurrence {
    /// The number of slots.
    pub fn slots(&self) -> usize {
        1 + self.steps + self.memories()
    }

    /// The slot of the state after the first of the steps as they lie in memory.
    pub fn first_output(&self) -> usize {
        if self.reverse { self.memories() } else { 1 }
    }

    /// The slot of the state before the first of the steps as they lie in memory.
    pub fn first_before(&self) -> usize {
        if self.reverse { self.first_output() + 1 } else { 0 }
    }

    /// The slot of the state after the last step taken.
    pub fn last_output(&self) -> usize {
        if self.reverse { self.first_output() } else { self.steps }
    }

    /// The slot of the last memory, if the cell has one.
    pub fn memory(&self) -> usize {
        if self.reverse { 0 } else { self.slots() - 1 }
    }

    fn memories(&self) -> usize {
        usize::from(self.cell.has_memory())
    }

    fn initial(&self) -> usize {
        if self.reverse { self.slots() - 1 } else { 0 }
    }

    /// Numbers that all gates of a sample take.
    fn row(&self) -> usize {
        self.cell.gates() * self.hidden
    }

    /// Numbers of a sample that the way back needs of each step.
    fn kept_row(&self) -> usize {
        self.cell.kept() * self.hidden
    }

    /// The steps in the order in which they are taken.
    fn order(&self) -> impl DoubleEndedIterator<Item = usize> {
        let (last, reverse) = (self.steps.wrapping_sub(1), self.reverse);
        (0..self.steps).map(move |step| if reverse { last - step } else { step })
    }

    /// Runs `task(first, count)` on the samples, some at a time.
    fn samples(&self, element: usize, task: impl Fn(usize, usize) + Sync) {
        let each = if self.row() * self.hidden * element <= NEAR { FEW } else { MANY };
        parallel_for(self.batch.div_ceil(each), |index| task(index * each, each.min(self.batch - index * each)));
    }

    /// Computes all states.
    ///
    /// `x` is [steps, batch, gates · hidden], what comes from the input; `weight` [gates · hidden, hidden] and `bias`
    /// [gates · hidden] make what comes from the state; `h0` and `c0` are [batch, hidden], `c0` empty without a memory.
    /// `states` are the slots; `kept`, [steps, batch, kept · hidden], what [`backward`](Self::backward) needs, or empty.
    ///
    /// # Panics
    /// If a slice has another length.
    #[expect(clippy::too_many_arguments, reason = "what a network is given and gives")]
    pub fn forward<T: RecurrentElement>(
        &self,
        x: &[T],
        weight: &[T],
        bias: Option<&[T]>,
        h0: &[T],
        c0: &[T],
        states: &mut [T],
        kept: &mut [T],
    ) {
        let (row, hidden) = (self.row(), self.hidden);
        self.check(&[(x.len(), self.steps * row), (h0.len(), hidden), (c0.len(), self.memories() * hidden)]);
        self.check(&[(states.len(), self.slots() * hidden)]);
        assert!(kept.is_empty() || kept.len() == self.steps * self.batch * self.kept_row());
        assert!(weight.len() == row * hidden && bias.is_none_or(|bias| bias.len() == row));
        let packed = Packed::new((hidden, row), bias, |from, to| weight[to * hidden + from]);
        let (states, kept) = (SharedSlice::new(states), SharedSlice::new(kept));
        self.samples(size_of::<T>(), |first, count| {
            let samples = Samples { of: self, first, count };
            simd::dispatch(Forward { samples, x, packed: &packed, h0, c0, states: &states, kept: &kept });
        });
    }

    /// Computes the gradients from `grad`, those of all slots but the initial one.
    ///
    /// `weight`, `c0`, `states` and `kept` are those of [`forward`](Self::forward). `gradients` are written: of `x`; of
    /// what comes from the state, if it [`splits`](Cell::splits) from that, or else empty; of `h0`; of `c0`, or empty.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn backward<T: RecurrentElement>(
        &self,
        grad: &[T],
        weight: &[T],
        c0: &[T],
        (states, kept): (&[T], &[T]),
        gradients: [&mut [T]; 4],
    ) {
        let (row, hidden, memories) = (self.row(), self.hidden, self.memories());
        self.check(&[(grad.len(), (self.slots() - 1) * hidden), (c0.len(), memories * hidden)]);
        self.check(&[(states.len(), self.slots() * hidden), (kept.len(), self.steps * self.kept_row())]);
        let [dx, dp, dh0, dc0] = &gradients;
        let split = if self.cell.splits() { self.steps * row } else { 0 };
        self.check(&[
            (dx.len(), self.steps * row),
            (dp.len(), split),
            (dh0.len(), hidden),
            (dc0.len(), memories * hidden),
        ]);
        assert_eq!(weight.len(), row * hidden);
        let packed = Packed::new((row, hidden), None, |from, to| weight[from * hidden + to]);
        let gradients = gradients.map(SharedSlice::new);
        self.samples(size_of::<T>(), |first, count| {
            let samples = Samples { of: self, first, count };
            let gradients = &gradients;
            simd::dispatch(Backward { samples, grad, packed: &packed, c0, states, kept, gradients });
        });
    }

    /// Panics unless each length is the batch times the number beside it.
    fn check(&self, lengths: &[(usize, usize)]) {
        for &(length, each) in lengths {
            assert_eq!(length, self.batch * each, "{self:?}: a slice does not fit");
        }
    }
}

/// Some samples of a batch.
#[derive(Clone, Copy)]
struct Samples<'a> {
    of: &'a Recurrence,
    first: usize,
    count: usize,
}

impl Samples<'_> {
    /// Where the rows of these samples begin at step or slot `at`, and how long they are together.
    #[inline(always)]
    fn place(&self, at: usize, row: usize) -> (usize, usize) {
        ((at * self.of.batch + self.first) * row, self.count * row)
    }

    #[inline(always)]
    fn rows<'s, T>(&self, all: &'s [T], at: usize, row: usize) -> &'s [T] {
        let (start, len) = self.place(at, row);
        &all[start..][..len]
    }

    /// The rows at `at` of what all tasks write.
    ///
    /// # Safety
    /// Nobody else may use these rows of these samples at the same time.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    unsafe fn rows_mut<'s, T>(&self, all: &'s SharedSlice<'_, T>, at: usize, row: usize) -> &'s mut [T] {
        let (start, len) = self.place(at, row);
        // SAFETY: the caller's promise.
        unsafe { all.part(start, len) }
    }
}

/// Row `index` of some rows of `row` elements, which may have none.
#[inline(always)]
fn one<T>(rows: &[T], index: usize, row: usize) -> &[T] {
    if rows.is_empty() { rows } else { &rows[index * row..][..row] }
}

#[inline(always)]
fn one_mut<T>(rows: &mut [T], index: usize, row: usize) -> &mut [T] {
    if rows.is_empty() { rows } else { &mut rows[index * row..][..row] }
}

struct Forward<'a, T: RecurrentElement> {
    samples: Samples<'a>,
    x: &'a [T],
    packed: &'a Packed<T>,
    h0: &'a [T],
    c0: &'a [T],
    states: &'a SharedSlice<'a, T>,
    kept: &'a SharedSlice<'a, T>,
}

impl<T: RecurrentElement> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (samples, of) = (self.samples, self.samples.of);
        let (row, hidden, kept_row) = (of.row(), of.hidden, of.kept_row());
        // SAFETY: no two tasks have samples in common, here and below; and within the task each slot is written once,
        // before it is read.
        let slot = |slot| unsafe { samples.rows_mut(self.states, slot, hidden) };
        slot(of.initial()).copy_from_slice(samples.rows(self.h0, 0, hidden));
        let mut c = if of.cell.has_memory() { samples.rows(self.c0, 0, hidden).to_vec() } else { Vec::new() };
        let mut products = vec![T::ZERO; samples.count * self.packed.columns];
        // What is not kept for the way back is written over from step to step.
        let mut passing = vec![T::ZERO; if self.kept.len() == 0 { samples.count * kept_row } else { 0 }];
        for step in of.order() {
            let (before, after) = (&*slot(of.first_before() + step), slot(of.first_output() + step));
            self.packed.multiply(simd, before, &mut products);
            let x = samples.rows(self.x, step, row);
            let kept = match passing.is_empty() && kept_row > 0 {
                // SAFETY: as above.
                true => unsafe { samples.rows_mut(self.kept, step, kept_row) },
                false => &mut passing[..],
            };
            for sample in 0..samples.count {
                of.cell.step(
                    (one(x, sample, row), one(&products, sample, self.packed.columns)),
                    one(before, sample, hidden),
                    one_mut(after, sample, hidden),
                    one_mut(&mut c, sample, hidden),
                    one_mut(kept, sample, kept_row),
                );
            }
        }
        if of.cell.has_memory() {
            slot(of.memory()).copy_from_slice(&c);
        }
    }
}

struct Backward<'a, T: RecurrentElement> {
    samples: Samples<'a>,
    grad: &'a [T],
    packed: &'a Packed<T>,
    c0: &'a [T],
    states: &'a [T],
    kept: &'a [T],
    gradients: &'a [SharedSlice<'a, T>; 4],
}

impl<T: RecurrentElement> Backward<'_, T> {
    /// The gradient of a slot.
    #[inline(always)]
    fn grad(&self, slot: usize) -> &[T] {
        // The initial slot has none, and if the steps go forward it comes before all others.
        let of = self.samples.of;
        self.samples.rows(self.grad, slot - usize::from(!of.reverse), of.hidden)
    }

    /// The memories before a step: kept with the step taken before it, or given.
    #[inline(always)]
    fn memories_before(&self, step: usize) -> (&[T], usize, usize) {
        let of = self.samples.of;
        let before = if of.reverse { (step + 1 < of.steps).then_some(step + 1) } else { step.checked_sub(1) };
        match before {
            _ if !of.cell.has_memory() => (&[], 0, 0),
            Some(before) => {
                (self.samples.rows(self.kept, before, of.kept_row()), of.kept_row(), of.kept_row() - of.hidden)
            }
            None => (self.samples.rows(self.c0, 0, of.hidden), of.hidden, 0),
        }
    }
}

impl<T: RecurrentElement> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (samples, of) = (self.samples, self.samples.of);
        let (row, hidden, kept_row) = (of.row(), of.hidden, of.kept_row());
        let [dx_all, dp_all, dh0, dc0] = self.gradients;
        let mut dh = vec![T::ZERO; samples.count * hidden];
        let mut dc = if of.cell.has_memory() { self.grad(of.memory()).to_vec() } else { Vec::new() };
        let mut products = vec![T::ZERO; samples.count * self.packed.columns];
        for step in of.order().rev() {
            let (before, after) = (of.first_before() + step, of.first_output() + step);
            add(&mut dh, self.grad(after));
            let (h_before, h) = (samples.rows(self.states, before, hidden), samples.rows(self.states, after, hidden));
            let (memories, memory_row, offset) = self.memories_before(step);
            let kept = samples.rows(self.kept, step, kept_row);
            // SAFETY: no two tasks have samples in common, and a step is taken once.
            let dx = unsafe { samples.rows_mut(dx_all, step, row) };
            let dp: &mut [T] = match of.cell.splits() {
                // SAFETY: as above.
                true => unsafe { samples.rows_mut(dp_all, step, row) },
                false => &mut [],
            };
            for sample in 0..samples.count {
                of.cell.back(&mut Back {
                    h_before: one(h_before, sample, hidden),
                    h: one(h, sample, hidden),
                    c_before: &one(memories, sample, memory_row)[offset..],
                    kept: one(kept, sample, kept_row),
                    dh: one_mut(&mut dh, sample, hidden),
                    dc: one_mut(&mut dc, sample, hidden),
                    dx: one_mut(dx, sample, row),
                    dp: one_mut(dp, sample, row),
                });
            }
            self.packed.multiply(simd, if of.cell.splits() { dp } else { dx }, &mut products);
            for (dh, products) in dh.chunks_mut(hidden).zip(products.chunks(self.packed.columns)) {
                add(dh, products);
            }
        }
        // SAFETY: no two tasks have samples in common.
        unsafe {
            samples.rows_mut(dh0, 0, hidden).copy_from_slice(&dh);
            if of.cell.has_memory() {
                samples.rows_mut(dc0, 0, hidden).copy_from_slice(&dc);
            }
        }
    }
}

/// Adds to each element of `to` that of `from` at its place.
#[inline(always)]
fn add<T: RecurrentElement>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = *to + from;
    }
}
