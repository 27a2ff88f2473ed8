//! What this machine can do at most: what measured speeds are held against.

use std::hint::black_box;
use std::time::{Duration, Instant};

use pulp::{Simd, WithSimd};

use crate::simd::dispatch;
use crate::threads::{num_threads, parallel_chunks_mut, parallel_for};

/// Sums that do not wait for each other: more than the steps a fused multiply-add takes times those begun at once.
const CHAINS: usize = 12;
/// Elements of each of the two arrays that are copied: far more than any cache has.
const COPIED: usize = 1 << 24;
/// Elements that a task copies.
const CHUNK: usize = 1 << 18;

/// Multiplications and additions in `f32` a second, of all threads together: fused, in vectors, on registers alone.
///
/// The best of several measurements over `time`.
///
/// ```
/// assert!(jimu_kernels::peak::multiply_adds(std::time::Duration::from_millis(1)) > 1e6);
/// ```
pub fn multiply_adds(time: Duration) -> f64 {
    const ROUNDS: usize = 1 << 14;
    let threads = num_threads();
    let lanes = dispatch(MultiplyAdds { rounds: 0 }).1;
    best(time, || {
        parallel_for(threads, |_| {
            black_box(dispatch(MultiplyAdds { rounds: black_box(ROUNDS) }));
        });
        2.0 * (ROUNDS * CHAINS * lanes * threads) as f64
    })
}

/// Bytes a second that all threads together move when they copy memory, those read and those written.
///
/// The best of several measurements over `time`.
///
/// ```
/// assert!(jimu_kernels::peak::copied_bytes(std::time::Duration::from_millis(1)) > 1e6);
/// ```
pub fn copied_bytes(time: Duration) -> f64 {
    let (from, mut to) = (vec![1.0f32; COPIED], vec![0.0f32; COPIED]);
    best(time, || {
        parallel_chunks_mut(&mut to, CHUNK, |index, to| to.copy_from_slice(&from[index * CHUNK..][..to.len()]));
        black_box(&mut to);
        2.0 * size_of_val(&*from) as f64
    })
}

/// The most work a second that one of the calls within `time`, three at least, has done.
fn best(time: Duration, mut work: impl FnMut() -> f64) -> f64 {
    let (start, mut best, mut calls) = (Instant::now(), 0.0_f64, 0);
    while calls < 3 || start.elapsed() < time {
        let start = Instant::now();
        best = best.max(work() / start.elapsed().as_secs_f64());
        calls += 1;
    }
    best
}

struct MultiplyAdds {
    rounds: usize,
}

impl WithSimd for MultiplyAdds {
    /// A number that depends on all of the arithmetic, and the lanes of a vector.
    type Output = (f32, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (factor, term) = (simd.splat_f32s(0.999), simd.splat_f32s(0.001));
        let mut sums = [simd.splat_f32s(0.5); CHAINS];
        for _ in 0..self.rounds {
            sums.iter_mut().for_each(|sum| *sum = simd.mul_add_f32s(*sum, factor, term));
        }
        let total = sums.into_iter().reduce(|a, b| simd.add_f32s(a, b)).unwrap_or(factor);
        (simd.reduce_sum_f32s(total), S::F32_LANES)
    }
}
