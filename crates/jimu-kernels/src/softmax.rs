//! Softmax and its logarithm along one dimension, and their gradients.
//!
//! ```text
//! the elements are [outer, len, inner] in memory, and the functions run along `len`
//!   inner = 1   a row at a time: LANES running maxima and sums side by side
//!   inner > 1   STRIP neighbouring columns at a time, so that memory is read along `inner`
//! ```
//! The order of the sums is fixed by the geometry: the bits depend neither on threads nor on the instruction set.

use crate::math::Elementary;
use crate::strided::vectorized;
use crate::threads::parallel_chunks_mut;

const LANES: usize = 16;
pub(crate) const STRIP: usize = 64;
/// Elements that one task computes, at least.
const BLOCK: usize = 1 << 13;

/// How the elements lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// How many slabs of `len · inner` elements.
    pub outer: usize,
    /// The size of the dimension along which the function runs.
    pub len: usize,
    /// How many elements lie between neighbours along that dimension.
    pub inner: usize,
}

impl Geometry {
    fn slab(self) -> usize {
        self.len * self.inner
    }

    /// Calls `task(offset, out)` on stretches of whole slabs, in parallel.
    fn slabs<F: Send>(self, out: &mut [F], task: impl Fn(usize, &mut [F]) + Sync) {
        assert_eq!(out.len(), self.outer * self.slab(), "as many elements as the geometry says");
        if out.is_empty() {
            return;
        }
        let stretch = BLOCK.div_ceil(self.slab()) * self.slab();
        parallel_chunks_mut(out, stretch, |index, chunk| {
            for (slab, out) in chunk.chunks_mut(self.slab()).enumerate() {
                task(index * stretch + slab * self.slab(), out);
            }
        });
    }

    /// Calls `strip(first, width)` on each stretch of columns of a slab.
    #[inline(always)]
    fn strips(self, mut strip: impl FnMut(usize, usize)) {
        let mut first = 0;
        while first < self.inner {
            let width = STRIP.min(self.inner - first);
            strip(first, width);
            first += width;
        }
    }
}

/// `out = exp(x - max) / Σ exp(x - max)`.
pub fn softmax<F: Elementary>(x: &[F], out: &mut [F], geometry: Geometry) {
    geometry.slabs(out, |offset, out| {
        let x = &x[offset..][..out.len()];
        vectorized(
            #[inline(always)]
            || match geometry.inner {
                1 => {
                    let max = largest(x);
                    for (out, &x) in out.iter_mut().zip(x) {
                        *out = (x - max).exp();
                    }
                    let scale = total(
                        out,
                        #[inline(always)]
                        |y| y,
                    )
                    .recip();
                    for out in out.iter_mut() {
                        *out = *out * scale;
                    }
                }
                inner => geometry.strips(
                    #[inline(always)]
                    |first, width| {
                        let max = column_largest(x, inner, first, width);
                        let mut sums = [F::of(0.0); STRIP];
                        for (out, x) in out.chunks_exact_mut(inner).zip(x.chunks_exact(inner)) {
                            let (out, x) = (&mut out[first..first + width], &x[first..first + width]);
                            for (((out, &x), &max), sum) in out.iter_mut().zip(x).zip(&max).zip(&mut sums) {
                                *out = (x - max).exp();
                                *sum = *sum + *out;
                            }
                        }
                        for sum in &mut sums {
                            *sum = sum.recip();
                        }
                        for out in out.chunks_exact_mut(inner) {
                            let pairs = out[first..first + width].iter_mut().zip(&sums);
                            for (out, &scale) in pairs {
                                *out = *out * scale;
                            }
                        }
                    },
                ),
            },
        );
    });
}

/// `out = (x - max) - ln Σ exp(x - max)`.
pub fn log_softmax<F: Elementary>(x: &[F], out: &mut [F], geometry: Geometry) {
    geometry.slabs(out, |offset, out| {
        let x = &x[offset..][..out.len()];
        vectorized(
            #[inline(always)]
            || match geometry.inner {
                1 => {
                    let max = largest(x);
                    let log = total(
                        x,
                        #[inline(always)]
                        |x| (x - max).exp(),
                    )
                    .ln();
                    for (out, &x) in out.iter_mut().zip(x) {
                        *out = (x - max) - log;
                    }
                }
                inner => geometry.strips(
                    #[inline(always)]
                    |first, width| {
                        let max = column_largest(x, inner, first, width);
                        let mut logs = [F::of(0.0); STRIP];
                        for x in x.chunks_exact(inner) {
                            let columns = x[first..first + width].iter().zip(&max).zip(&mut logs);
                            for ((&x, &max), sum) in columns {
                                *sum = *sum + (x - max).exp();
                            }
                        }
                        for log in &mut logs {
                            *log = log.ln();
                        }
                        for (out, x) in out.chunks_exact_mut(inner).zip(x.chunks_exact(inner)) {
                            let (out, x) = (&mut out[first..first + width], &x[first..first + width]);
                            let columns = out.iter_mut().zip(x).zip(&max).zip(&logs);
                            for (((out, &x), &max), &log) in columns {
                                *out = (x - max) - log;
                            }
                        }
                    },
                ),
            },
        );
    });
}

/// The gradient of [`softmax`] from its result `y`: `out = y · (grad - Σ grad · y)`.
pub fn softmax_backward<F: Elementary>(grad: &[F], y: &[F], out: &mut [F], geometry: Geometry) {
    backward(
        grad,
        y,
        out,
        geometry,
        #[inline(always)]
        |grad, y| grad * y,
        #[inline(always)]
        |grad, y, sum| y * (grad - sum),
    );
}

/// The gradient of [`log_softmax`] from its result `y`: `out = grad - eʸ · Σ grad`.
pub fn log_softmax_backward<F: Elementary>(grad: &[F], y: &[F], out: &mut [F], geometry: Geometry) {
    backward(
        grad,
        y,
        out,
        geometry,
        #[inline(always)]
        |grad, _| grad,
        #[inline(always)]
        |grad, y, sum| grad - y.exp() * sum,
    );
}

/// `out = result(grad, y, Σ term(grad, y))`.
#[inline(always)]
fn backward<F: Elementary>(
    grad: &[F],
    y: &[F],
    out: &mut [F],
    geometry: Geometry,
    term: impl Fn(F, F) -> F + Sync + Copy,
    result: impl Fn(F, F, F) -> F + Sync + Copy,
) {
    geometry.slabs(out, |offset, out| {
        let (grad, y) = (&grad[offset..][..out.len()], &y[offset..][..out.len()]);
        vectorized(
            #[inline(always)]
            || match geometry.inner {
                1 => {
                    // The terms pass through `out`, so that their sum is taken as that of any row.
                    let pairs = out.iter_mut().zip(grad).zip(y);
                    for ((out, &grad), &y) in pairs {
                        *out = term(grad, y);
                    }
                    let sum = total(
                        out,
                        #[inline(always)]
                        |term| term,
                    );
                    let pairs = out.iter_mut().zip(grad).zip(y);
                    for ((out, &grad), &y) in pairs {
                        *out = result(grad, y, sum);
                    }
                }
                inner => geometry.strips(
                    #[inline(always)]
                    |first, width| {
                        let mut sums = [F::of(0.0); STRIP];
                        for (grad, y) in grad.chunks_exact(inner).zip(y.chunks_exact(inner)) {
                            let pairs = grad[first..first + width].iter().zip(&y[first..first + width]);
                            for ((&grad, &y), sum) in pairs.zip(&mut sums) {
                                *sum = *sum + term(grad, y);
                            }
                        }
                        let rows = grad.chunks_exact(inner).zip(y.chunks_exact(inner));
                        for (out, (grad, y)) in out.chunks_exact_mut(inner).zip(rows) {
                            let pairs = grad[first..first + width].iter().zip(&y[first..first + width]);
                            let columns = out[first..first + width].iter_mut().zip(pairs).zip(&sums);
                            for ((out, (&grad, &y)), &sum) in columns {
                                *out = result(grad, y, sum);
                            }
                        }
                    },
                ),
            },
        );
    });
}

#[inline(always)]
pub(crate) fn larger<F: Elementary>(a: F, b: F) -> F {
    if b > a { b } else { a }
}

/// The largest element of a row; NaN is passed over, as it comes back with the exponentials.
#[inline(always)]
pub(crate) fn largest<F: Elementary>(row: &[F]) -> F {
    let mut lanes = [F::of(f64::NEG_INFINITY); LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane = larger(*lane, x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = larger(*lane, x);
    }
    lanes.into_iter().fold(F::of(f64::NEG_INFINITY), larger)
}

/// Σ f over a row.
#[inline(always)]
pub(crate) fn total<F: Elementary>(row: &[F], f: impl Fn(F) -> F) -> F {
    let mut lanes = [F::of(0.0); LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane = *lane + f(x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = *lane + f(x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = lanes[lane] + lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The largest element of each of `width` columns from `first` on.
#[inline(always)]
pub(crate) fn column_largest<F: Elementary>(x: &[F], inner: usize, first: usize, width: usize) -> [F; STRIP] {
    let mut max = [F::of(f64::NEG_INFINITY); STRIP];
    for row in x.chunks_exact(inner) {
        for (max, &x) in max.iter_mut().zip(&row[first..first + width]) {
            *max = larger(*max, x);
        }
    }
    max
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(usize, usize, usize); 7] =
        [(3, 10, 1), (1, 1, 1), (700, 37, 1), (2, 5, 3), (3, 16, 150), (1, 1000, 64), (4, 1, 9)];

    /// The positions of each run of `len` elements.
    fn runs(g: Geometry) -> impl Iterator<Item = Vec<usize>> {
        (0..g.outer * g.inner).map(move |run| {
            let start = run / g.inner * g.len * g.inner + run % g.inner;
            (0..g.len).map(|i| start + i * g.inner).collect()
        })
    }

    fn data(len: usize, seed: usize) -> Vec<f32> {
        (0..len).map(|i| ((i * 7919 + seed) % 1000) as f32 / 100.0 - 4.0).collect()
    }

    #[test]
    fn values_equal_the_formula() {
        for (outer, len, inner) in CASES {
            let g = Geometry { outer, len, inner };
            let x = data(outer * len * inner, 3);
            let (mut y, mut log_y) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            softmax(&x, &mut y, g);
            log_softmax(&x, &mut log_y, g);
            for run in runs(g) {
                let sum: f64 = run.iter().map(|&i| f64::from(x[i]).exp()).sum();
                for &i in &run {
                    let exact = f64::from(x[i]).exp() / sum;
                    assert!((f64::from(y[i]) - exact).abs() < 1e-6, "{g:?}");
                    assert!((f64::from(log_y[i]) - exact.ln()).abs() < 4e-6, "{g:?}");
                }
            }
        }
    }

    #[test]
    fn gradients_equal_the_formula() {
        for (outer, len, inner) in CASES {
            let g = Geometry { outer, len, inner };
            let (x, grad) = (data(outer * len * inner, 3), data(outer * len * inner, 500));
            let [mut y, mut log_y, mut of_y, mut of_log_y] = [(); 4].map(|()| vec![f32::NAN; x.len()]);
            softmax(&x, &mut y, g);
            log_softmax(&x, &mut log_y, g);
            softmax_backward(&grad, &y, &mut of_y, g);
            log_softmax_backward(&grad, &log_y, &mut of_log_y, g);
            for run in runs(g) {
                let weighted: f64 = run.iter().map(|&i| f64::from(y[i]) * f64::from(grad[i])).sum();
                let plain: f64 = run.iter().map(|&i| f64::from(grad[i])).sum();
                for &i in &run {
                    let (y, grad) = (f64::from(y[i]), f64::from(grad[i]));
                    assert!((f64::from(of_y[i]) - y * (grad - weighted)).abs() < 1e-5, "{g:?}");
                    assert!((f64::from(of_log_y[i]) - (grad - y * plain)).abs() < 1e-3, "{g:?}");
                }
            }
        }
    }

    #[test]
    fn infinities_and_nan() {
        let g = Geometry { outer: 3, len: 3, inner: 1 };
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let mut y = [0.0; 9];
        softmax(&[-inf, 0.0, 0.0, -inf, -inf, -inf, 1.0, nan, 2.0], &mut y, g);
        assert_eq!(y[..3], [0.0, 0.5, 0.5]);
        assert!(y[3..].iter().all(|y| y.is_nan()));
        softmax(&[500.0, 500.0, -500.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &mut y, g);
        assert_eq!(y[..3], [0.5, 0.5, 0.0]);
    }
}
