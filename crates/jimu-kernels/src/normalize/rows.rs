//! Rows that are normalised each by itself. The [parent](super) has the map.

use super::{moments_of, total, totals};
use crate::buffer::Buffer;
use crate::math::Elementary;
use crate::strided::vectorized;
use crate::threads::{parallel_chunks_mut, parallel_chunks2_mut};

/// Elements that one task works on, at least.
const BLOCK: usize = 1 << 14;
/// Columns whose weights' gradients are summed side by side, and the rows summed in one go.
const STRIP: usize = 64;
const RUN_OF_ROWS: usize = 512;

/// Rows that one task works on.
fn rows_per_task(len: usize) -> usize {
    BLOCK.div_ceil(len.max(1))
}

pub(super) fn rows<F: Elementary>(
    x: &[F],
    [weight, bias]: [&[F]; 2],
    centred: bool,
    eps: f64,
    [center, scale]: [&mut [F]; 2],
    out: &mut [F],
) {
    let len = weight.len();
    check(len, center.len(), &[x, out]);
    assert_eq!((bias.len(), scale.len()), (len, center.len()), "as many biases as weights, as many scales as centers");
    if out.is_empty() {
        return;
    }
    let each = rows_per_task(len);
    parallel_chunks2_mut(center, each, scale, each, |task, center, scale| {
        for (index, (center, scale)) in center.iter_mut().zip(scale).enumerate() {
            [*center, *scale] = row_statistics(&x[(task * each + index) * len..][..len], centred, eps);
        }
    });
    let (center, scale) = (&*center, &*scale);
    parallel_chunks_mut(out, each * len, |task, out| {
        for (index, out) in out.chunks_exact_mut(len).enumerate() {
            let row = task * each + index;
            let (x, center, scale) = (&x[row * len..][..len], center[row], scale[row]);
            vectorized(
                #[inline(always)]
                || {
                    for ((out, &x), (&weight, &bias)) in out.iter_mut().zip(x).zip(weight.iter().zip(bias)) {
                        *out = (x - center) * scale * weight + bias;
                    }
                },
            );
        }
    });
}

fn row_statistics<F: Elementary>(x: &[F], centred: bool, eps: f64) -> [F; 2] {
    let [center, squares] = vectorized(
        #[inline(always)]
        || match centred {
            true => moments_of(x),
            false => [
                F::of(0.0),
                total(
                    x,
                    #[inline(always)]
                    |x| x * x,
                ),
            ],
        },
    );
    [center, (squares / F::of(x.len() as f64) + F::of(eps)).sqrt().recip()]
}

pub(super) fn row_gradients<F: Elementary>(
    [grad, x]: [&[F]; 2],
    weight: &[F],
    centred: bool,
    [center, scale]: [&[F]; 2],
    out: &mut [F],
) {
    let len = weight.len();
    check(len, center.len(), &[grad, x, out]);
    if out.is_empty() {
        return;
    }
    let each = rows_per_task(len);
    let count = F::of(len as f64);
    parallel_chunks_mut(out, each * len, |task, out| {
        for (index, out) in out.chunks_exact_mut(len).enumerate() {
            let row = task * each + index;
            let (grad, x) = (&grad[row * len..][..len], &x[row * len..][..len]);
            let (center, scale) = (center[row], scale[row]);
            vectorized(
                #[inline(always)]
                || {
                    for ((out, &grad), &weight) in out.iter_mut().zip(grad).zip(weight) {
                        *out = grad * weight;
                    }
                    let [sum, product] = totals(
                        out,
                        x,
                        #[inline(always)]
                        |u, x| [u, u * ((x - center) * scale)],
                    );
                    let mean = if centred { sum / count } else { F::of(0.0) };
                    let slope = product / count;
                    for (out, &x) in out.iter_mut().zip(x) {
                        *out = (*out - mean - (x - center) * scale * slope) * scale;
                    }
                },
            );
        }
    });
}

pub(super) fn row_weight_gradients<F: Elementary>(
    [grad, x]: [&[F]; 2],
    [center, scale]: [&[F]; 2],
    of_weight: &mut [F],
    of_bias: &mut [F],
) {
    let (len, rows) = (of_weight.len(), center.len());
    check(len, rows, &[grad, x]);
    assert_eq!(of_bias.len(), len, "as many biases as weights");
    let (strips, runs) = (len.div_ceil(STRIP), rows.div_ceil(RUN_OF_ROWS));
    // Both sums of a strip and a run of rows lie side by side.
    let mut partial = Buffer::zeroed(runs * strips * 2 * STRIP);
    parallel_chunks_mut(&mut partial, 2 * STRIP, |task, sums| {
        let (run, first) = (task / strips, task % strips * STRIP);
        let width = STRIP.min(len - first);
        let (weights, biases) = sums.split_at_mut(STRIP);
        let (weights, biases) = (&mut weights[..width], &mut biases[..width]);
        for row in run * RUN_OF_ROWS..rows.min((run + 1) * RUN_OF_ROWS) {
            let start = row * len + first;
            let (grad, x) = (&grad[start..][..width], &x[start..][..width]);
            let (center, scale) = (center[row], scale[row]);
            vectorized(
                #[inline(always)]
                || {
                    let sums = weights.iter_mut().zip(biases.iter_mut());
                    for ((weight, bias), (&grad, &x)) in sums.zip(grad.iter().zip(x)) {
                        *weight = *weight + grad * ((x - center) * scale);
                        *bias = *bias + grad;
                    }
                },
            );
        }
    });
    of_weight.fill(F::of(0.0));
    of_bias.fill(F::of(0.0));
    for (task, sums) in partial.chunks_exact(2 * STRIP).enumerate() {
        let first = task % strips * STRIP;
        for column in first..len.min(first + STRIP) {
            of_weight[column] = of_weight[column] + sums[column - first];
            of_bias[column] = of_bias[column] + sums[STRIP + column - first];
        }
    }
}

fn check<F>(len: usize, rows: usize, elements: &[&[F]]) {
    assert!(elements.iter().all(|elements| elements.len() == len * rows), "{rows} rows of {len} elements");
}
