//! Folding many elements into one.
//!
//! ```text
//! kept dimensions, in order, become the result; reduced dimensions are folded in the order of the source's memory
//!   rows     the fastest dimension is reduced: each result folds LANES elements side by side, then the lanes
//!   columns  the fastest dimension is kept: a stretch of results folds one element each at a time
//! Long folds are cut into runs of RUN elements whose results are folded in turn: the order is fixed by the shape, so
//! the bits do not depend on threads, and rounding errors grow with the number of runs, not of elements.
//! ```

use bytemuck::Pod;
use smallvec::SmallVec;

use crate::strided::vectorized;
use crate::threads::parallel_chunks_mut;

const LANES: usize = 16;
const RUN: usize = 4096;
/// Elements of the source that one task folds, if the results are small.
const BLOCK: usize = 1 << 15;

type Sizes = SmallVec<[usize; 6]>;

/// One group of dimensions, kept or reduced, with the strides of the source.
#[derive(Clone, Debug)]
pub struct Dimensions {
    shape: Sizes,
    strides: Sizes,
}

impl Dimensions {
    /// The sizes and strides, the slowest dimension first.
    pub fn new(shape: &[usize], strides: &[usize]) -> Self {
        let mut merged = Self { shape: Sizes::new(), strides: Sizes::new() };
        for (&size, &stride) in shape.iter().zip(strides).filter(|&(&size, _)| size != 1) {
            match merged.strides.last_mut() {
                Some(outer) if *outer == stride * size => {
                    *outer = stride;
                    *merged.shape.last_mut().expect("as many sizes as strides") *= size;
                }
                _ => {
                    merged.shape.push(size);
                    merged.strides.push(stride);
                }
            }
        }
        merged
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    fn offset(&self, mut index: usize) -> usize {
        let mut offset = 0;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            offset += index % size * stride;
            index /= size;
        }
        offset
    }

    /// The size and stride of the fastest dimension.
    fn inner(&self) -> (usize, usize) {
        match (self.shape.last(), self.strides.last()) {
            (Some(&size), Some(&stride)) => (size, stride),
            _ => (1, 1),
        }
    }
}

/// A way to fold elements of type `T` into a result of type `A`.
pub trait Fold<T>: Sync {
    /// The running result.
    type Accumulator: Pod + Send + Sync;
    /// The result of folding nothing.
    fn identity(&self) -> Self::Accumulator;
    /// Folds in one element.
    fn step(&self, accumulator: Self::Accumulator, element: T) -> Self::Accumulator;
    /// Folds two results; must be associative up to rounding.
    fn merge(&self, a: Self::Accumulator, b: Self::Accumulator) -> Self::Accumulator;
}

/// `out[k]` = the fold of `source[offset + k + r]` over all positions `r` of `reduced`, for each position `k` of `kept`.
pub fn fold<T: Pod + Sync, F: Fold<T>>(
    source: &[T],
    offset: usize,
    kept: &Dimensions,
    reduced: &Dimensions,
    out: &mut [F::Accumulator],
    fold: &F,
) {
    assert_eq!(out.len(), kept.count(), "one result for each kept position");
    if reduced.count() == 0 {
        out.fill(fold.identity());
        return;
    }
    let columns = kept.inner().1 == 1 && kept.inner().0 >= LANES / 2 && reduced.inner().1 != 1;
    let work = reduced.count().max(1);
    if columns {
        fold_columns(source, offset, kept, reduced, out, fold);
    } else if out.len() == 1 && work > 2 * BLOCK {
        fold_to_one(source, offset, reduced, out, fold);
    } else {
        parallel_chunks_mut(out, (BLOCK / work).max(1), |block, chunk| {
            let first = block * (BLOCK / work).max(1);
            for (index, result) in chunk.iter_mut().enumerate() {
                *result = fold_range(source, offset + kept.offset(first + index), reduced, 0, work, fold);
            }
        });
    }
}

/// A fold of everything, cut into blocks for the threads.
fn fold_to_one<T: Pod + Sync, F: Fold<T>>(
    source: &[T],
    offset: usize,
    reduced: &Dimensions,
    out: &mut [F::Accumulator],
    fold: &F,
) {
    let count = reduced.count();
    let mut partial: SmallVec<[F::Accumulator; 16]> = SmallVec::from_elem(fold.identity(), count.div_ceil(BLOCK));
    parallel_chunks_mut(&mut partial, 1, |block, result| {
        let end = ((block + 1) * BLOCK).min(count);
        result[0] = fold_range(source, offset, reduced, block * BLOCK, end, fold);
    });
    out[0] = partial.into_iter().reduce(|a, b| fold.merge(a, b)).unwrap_or_else(|| fold.identity());
}

/// The fold of the positions `start..end` of `reduced`.
fn fold_range<T: Pod, F: Fold<T>>(
    source: &[T],
    offset: usize,
    reduced: &Dimensions,
    start: usize,
    end: usize,
    fold: &F,
) -> F::Accumulator {
    let (row, step) = reduced.inner();
    let mut total: Option<F::Accumulator> = None;
    let mut position = start;
    while position < end {
        let count = (row - position % row).min(end - position).min(RUN);
        let run = fold_run(&source[offset + reduced.offset(position)..], step, count, fold);
        total = Some(total.map_or(run, |total| fold.merge(total, run)));
        position += count;
    }
    total.unwrap_or_else(|| fold.identity())
}

/// The fold of `count` elements at distance `step`.
fn fold_run<T: Pod, F: Fold<T>>(source: &[T], step: usize, count: usize, fold: &F) -> F::Accumulator {
    if step != 1 || count < LANES {
        return (0..count).fold(fold.identity(), |total, index| fold.step(total, source[index * step]));
    }
    vectorized(
        #[inline(always)]
        || {
            let mut lanes = [fold.identity(); LANES];
            let (blocks, rest) = source[..count].as_chunks::<LANES>();
            for block in blocks {
                for (lane, &element) in lanes.iter_mut().zip(block) {
                    *lane = fold.step(*lane, element);
                }
            }
            for (lane, &element) in lanes.iter_mut().zip(rest) {
                *lane = fold.step(*lane, element);
            }
            let mut width = LANES / 2;
            while width > 0 {
                for lane in 0..width {
                    lanes[lane] = fold.merge(lanes[lane], lanes[lane + width]);
                }
                width /= 2;
            }
            lanes[0]
        },
    )
}

/// Neighbouring results that are folded together: some registers full.
const WIDTH: usize = 64;

/// Folds with the fastest dimension kept: a stretch of it at a time, all reduced positions for that stretch.
fn fold_columns<T: Pod + Sync, F: Fold<T>>(
    source: &[T],
    offset: usize,
    kept: &Dimensions,
    reduced: &Dimensions,
    out: &mut [F::Accumulator],
    fold: &F,
) {
    let (row, _) = kept.inner();
    // A chunk is a stretch, or a whole row of results where a stretch would straddle rows.
    let len = if row.is_multiple_of(WIDTH) { WIDTH } else { row };
    parallel_chunks_mut(out, len, |index, results| {
        let base = offset + kept.offset(index * len);
        for (stretch, results) in results.chunks_mut(WIDTH).enumerate() {
            fold_stretch(source, base + stretch * WIDTH, reduced, results, fold);
        }
    });
}

/// One stretch of neighbouring results, each the fold over all of `reduced`.
fn fold_stretch<T: Pod, F: Fold<T>>(
    source: &[T],
    base: usize,
    reduced: &Dimensions,
    results: &mut [F::Accumulator],
    fold: &F,
) {
    const RUN_OF_ROWS: usize = 512;
    let (count, (inner, step)) = (reduced.count(), reduced.inner());
    let mut run = [fold.identity(); WIDTH];
    results.fill(fold.identity());
    for start in (0..count).step_by(RUN_OF_ROWS) {
        run.fill(fold.identity());
        let end = (start + RUN_OF_ROWS).min(count);
        let mut position = start;
        while position < end {
            let rows = (inner - position % inner).min(end - position);
            let source = &source[base + reduced.offset(position)..];
            match results.len() {
                WIDTH => add_rows::<_, _, WIDTH>(source, step, rows, &mut run, fold),
                width => (0..rows).for_each(|row| add_row(&source[row * step..][..width], &mut run, fold)),
            }
            position += rows;
        }
        results.iter_mut().zip(&run).for_each(|(result, &run)| *result = fold.merge(*result, run));
    }
}

/// Folds `count` rows, `step` apart, of as many elements as `run` has.
fn add_rows<T: Pod, F: Fold<T>, const N: usize>(
    source: &[T],
    step: usize,
    count: usize,
    run: &mut [F::Accumulator; N],
    fold: &F,
) {
    vectorized(
        #[inline(always)]
        || {
            // A copy, which stays in registers.
            let mut lanes = *run;
            for row in 0..count {
                let elements = source[row * step..].first_chunk::<N>().expect("a row of the source");
                lanes.iter_mut().zip(elements).for_each(|(lane, &element)| *lane = fold.step(*lane, element));
            }
            *run = lanes;
        },
    );
}

/// Folds a row into the front of `run`.
fn add_row<T: Pod, F: Fold<T>>(elements: &[T], run: &mut [F::Accumulator], fold: &F) {
    vectorized(
        #[inline(always)]
        || run.iter_mut().zip(elements).for_each(|(total, &element)| *total = fold.step(*total, element)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum;
    impl Fold<f32> for Sum {
        type Accumulator = f32;
        fn identity(&self) -> f32 {
            0.0
        }
        fn step(&self, total: f32, element: f32) -> f32 {
            total + element
        }
        fn merge(&self, a: f32, b: f32) -> f32 {
            a + b
        }
    }

    fn check(kept: (&[usize], &[usize]), reduced: (&[usize], &[usize])) {
        let data: Vec<f32> = (0..200_000).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.3).collect();
        let (kept, reduced) = (Dimensions::new(kept.0, kept.1), Dimensions::new(reduced.0, reduced.1));
        let mut out = vec![f32::NAN; kept.count()];
        fold(&data, 3, &kept, &reduced, &mut out, &Sum);
        for (index, &result) in out.iter().enumerate() {
            let at = |r| f64::from(data[3 + kept.offset(index) + reduced.offset(r)]);
            let expected: f64 = (0..reduced.count()).map(at).sum();
            assert!((f64::from(result) - expected).abs() <= 1e-6 * reduced.count() as f64, "{result} {expected}");
        }
    }

    #[test]
    fn folds_equal_one_element_at_a_time() {
        check((&[7], &[100]), (&[100], &[1]));
        check((&[100], &[1]), (&[7], &[100]));
        check((&[], &[]), (&[150_000], &[1]));
        check((&[6], &[64]), (&[14, 64], &[384, 1]));
        check((&[5, 70], &[7000, 1]), (&[3, 9], &[70, 700]));
        check((&[3], &[1]), (&[1000], &[3]));
        // Whole stretches, of one row of results and of some, over rows that are and are not evenly apart.
        check((&[128], &[1]), (&[1300], &[128]));
        check((&[3, 64], &[60_000, 1]), (&[9, 70], &[6400, 64]));
        check((&[100], &[1]), (&[9, 70], &[7100, 100]));
        check((&[4], &[0]), (&[0], &[1]));
    }
}
