//! The cross-entropy of scores and classes, and its gradient, each in one pass over the scores.
//!
//! The scores are [outer, classes, inner] in memory, as in [`softmax`](crate::softmax); a sample is a position of
//! [outer, inner]. Each sample's sum is taken in an order that its geometry fixes: the bits depend neither on threads nor
//! on the instruction set.

use crate::math::Elementary;
use crate::softmax::{Geometry, STRIP, column_largest, largest, total};
use crate::strided::vectorized;
use crate::threads::{parallel_chunks_mut, parallel_chunks2_mut};

/// Elements that one task computes, at least.
const BLOCK: usize = 1 << 13;

/// Of each sample, the largest score and ln Σ exp(x - largest): minus the log-probability of a class is
/// `logs - (x - largest)`.
pub fn log_sums<F: Elementary>(x: &[F], max: &mut [F], logs: &mut [F], geometry: Geometry) {
    let Geometry { outer, len, inner } = geometry;
    assert_eq!(x.len(), outer * len * inner, "as many scores as the geometry says");
    assert!(max.len() == outer * inner && logs.len() == max.len(), "one result for each sample");
    if x.is_empty() {
        max.fill(F::of(f64::NEG_INFINITY));
        logs.fill(F::of(f64::NEG_INFINITY));
        return;
    }
    let task = BLOCK.div_ceil(len).next_multiple_of(STRIP);
    parallel_chunks2_mut(max, task, logs, task, |index, max, logs| {
        vectorized(
            #[inline(always)]
            || match inner {
                1 => rows(&x[index * task * len..], max, logs, len),
                _ => columns(x, index * task, max, logs, geometry),
            },
        );
    });
}

#[inline(always)]
fn rows<F: Elementary>(x: &[F], max: &mut [F], logs: &mut [F], len: usize) {
    for ((x, max), log) in x.chunks_exact(len).zip(max).zip(logs) {
        let most = largest(x);
        *max = most;
        *log = total(
            x,
            #[inline(always)]
            |x| (x - most).exp(),
        )
        .ln();
    }
}

/// The samples from `sample` on, neighbours of one slab together.
#[inline(always)]
fn columns<F: Elementary>(x: &[F], sample: usize, max: &mut [F], logs: &mut [F], geometry: Geometry) {
    let Geometry { len, inner, .. } = geometry;
    let mut done = 0;
    while done < max.len() {
        let (slab, first) = ((sample + done) / inner, (sample + done) % inner);
        let width = STRIP.min(inner - first).min(max.len() - done);
        let x = &x[slab * len * inner..][..len * inner];
        let most = column_largest(x, inner, first, width);
        let mut sums = [F::of(0.0); STRIP];
        for x in x.chunks_exact(inner) {
            for ((&x, &most), sum) in x[first..first + width].iter().zip(&most).zip(&mut sums) {
                *sum = *sum + (x - most).exp();
            }
        }
        max[done..done + width].copy_from_slice(&most[..width]);
        for (log, &sum) in logs[done..done + width].iter_mut().zip(&sums) {
            *log = sum.ln();
        }
        done += width;
    }
}

/// The position of the score of each sample's class.
#[inline(always)]
fn position(geometry: Geometry, sample: usize, class: usize) -> usize {
    let Geometry { len, inner, .. } = geometry;
    (sample / inner * len + class) * inner + sample % inner
}

/// `losses = logs - (x[class] - max)`, from [`log_sums`]; 0 for a sample whose class is `ignored`.
///
/// # Panics
/// If a class is out of range.
pub fn losses<F: Elementary>(
    x: &[F],
    (max, logs): (&[F], &[F]),
    classes: &[i64],
    ignored: i64,
    losses: &mut [F],
    geometry: Geometry,
) {
    assert_eq!(classes.len(), losses.len(), "one class for each sample");
    let samples = losses.iter_mut().zip(classes).zip(max.iter().zip(logs));
    for (sample, ((loss, &class), (&max, &log))) in samples.enumerate() {
        *loss = match class {
            class if class == ignored => F::of(0.0),
            class => log - (x[position(geometry, sample, class as usize)] - max),
        };
    }
}

/// `out = scale · (softmax(x) - one_hot(class))`, from the results of [`log_sums`].
///
/// # Panics
/// If a class is out of range.
pub fn gradient<F: Elementary>(
    x: &[F],
    (max, logs): (&[F], &[F]),
    classes: &[i64],
    scales: &[F],
    out: &mut [F],
    geometry: Geometry,
) {
    let Geometry { outer, len, inner } = geometry;
    assert!(x.len() == outer * len * inner && out.len() == x.len(), "as many scores as the geometry says");
    assert!(classes.len() == outer * inner && scales.len() == classes.len(), "one class and scale for each sample");
    if x.is_empty() {
        return;
    }
    // With the classes apart, a row of memory holds one class of `inner` samples; otherwise, all classes of a sample.
    let row = if inner == 1 { len } else { inner };
    let task = BLOCK.div_ceil(row) * row;
    parallel_chunks_mut(out, task, |index, out| {
        let x = &x[index * task..][..out.len()];
        vectorized(
            #[inline(always)]
            || {
                for (row, (out, x)) in (index * task / row..).zip(out.chunks_exact_mut(row).zip(x.chunks_exact(row))) {
                    if inner == 1 {
                        let (max, log, scale) = (max[row], logs[row], scales[row]);
                        for (out, &x) in out.iter_mut().zip(x) {
                            *out = scale * ((x - max) - log).exp();
                        }
                    } else {
                        let samples = row / len * inner..(row / len + 1) * inner;
                        let each = max[samples.clone()].iter().zip(&logs[samples.clone()]).zip(&scales[samples]);
                        for ((out, &x), ((&max, &log), &scale)) in out.iter_mut().zip(x).zip(each) {
                            *out = scale * ((x - max) - log).exp();
                        }
                    }
                }
            },
        );
    });
    for (sample, (&class, &scale)) in classes.iter().zip(scales).enumerate() {
        let at = position(geometry, sample, class as usize);
        out[at] = scale * (((x[at] - max[sample]) - logs[sample]).exp() - F::of(1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(usize, usize, usize); 7] =
        [(64, 10, 1), (1, 1, 1), (700, 37, 1), (1, 10, 64), (3, 16, 150), (1, 5, 9000), (4, 1, 9)];

    #[test]
    fn losses_and_gradients_equal_the_formula() {
        for (outer, len, inner) in CASES {
            let g = Geometry { outer, len, inner };
            let samples = outer * inner;
            let x: Vec<f32> = (0..samples * len).map(|i| (i * 7919 % 1000) as f32 / 100.0 - 4.0).collect();
            let classes: Vec<i64> = (0..samples).map(|sample| (sample * 31 % len) as i64).collect();
            let scales: Vec<f32> = (0..samples).map(|sample| 0.5 + (sample % 3) as f32).collect();
            let [mut max, mut logs, mut loss] = [(); 3].map(|()| vec![f32::NAN; samples]);
            let mut out = vec![f32::NAN; x.len()];
            log_sums(&x, &mut max, &mut logs, g);
            losses(&x, (&max, &logs), &classes, -1, &mut loss, g);
            gradient(&x, (&max, &logs), &classes, &scales, &mut out, g);
            for sample in 0..samples {
                let at = |class: usize| f64::from(x[position(g, sample, class)]);
                let sum: f64 = (0..len).map(|class| at(class).exp()).sum();
                let right = classes[sample] as usize;
                assert!((f64::from(loss[sample]) - (sum.ln() - at(right))).abs() < 1e-5, "{g:?}");
                for class in 0..len {
                    let hot = if class == right { 1.0 } else { 0.0 };
                    let exact = f64::from(scales[sample]) * (at(class).exp() / sum - hot);
                    assert!((f64::from(out[position(g, sample, class)]) - exact).abs() < 4e-6, "{g:?}");
                }
            }
        }
    }

    #[test]
    fn an_ignored_sample_costs_nothing() {
        let (x, g) = ([f32::NEG_INFINITY, 0.0, 1.0, 1.0], Geometry { outer: 2, len: 2, inner: 1 });
        let (mut max, mut logs, mut loss) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        log_sums(&x, &mut max, &mut logs, g);
        losses(&x, (&max, &logs), &[-100, 0], -100, &mut loss, g);
        assert_eq!(loss, [0.0, 2f32.ln()]);
    }
}
