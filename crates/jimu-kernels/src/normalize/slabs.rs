//! Slabs that share their numbers. The [parent](super) has the map.

use std::ops::Range;

use super::{moments_of, totals};
use crate::buffer::Buffer;
use crate::math::Elementary;
use crate::strided::vectorized;
use crate::threads::{parallel_chunks_mut, parallel_chunks2_mut};

/// From here on a stretch of neighbours in a slab is worth a loop of its own.
const WIDE: usize = 16;
/// The longest piece whose mean is taken in one go.
const RUN: usize = 4096;
/// Columns that are folded side by side, and the rows of a piece of them.
const STRIP: usize = 64;
const STRIP_ROWS: usize = 128;
/// Elements that one task works on, at least.
const BLOCK: usize = 1 << 14;

/// How the slabs lie in memory: see the [module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slabs {
    /// How often all slabs follow each other.
    pub outer: usize,
    /// The number of slabs.
    pub count: usize,
    /// Neighbouring elements of one slab.
    pub inner: usize,
}

impl Slabs {
    /// The number of elements.
    pub fn len(self) -> usize {
        self.outer * self.count * self.inner
    }

    /// Whether there are no elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The elements of one slab.
    pub fn each(self) -> usize {
        self.outer * self.inner
    }

    fn is_wide(self) -> bool {
        self.inner >= WIDE
    }

    /// The columns if the slabs are not wide.
    fn columns(self) -> usize {
        self.count * self.inner
    }

    /// Pieces that a stretch of `inner` elements is cut into.
    fn pieces(self) -> usize {
        self.inner.div_ceil(RUN)
    }

    fn piece(self, index: usize) -> Range<usize> {
        let (stretch, piece) = (index / self.pieces(), index % self.pieces());
        stretch * self.inner + piece * RUN..stretch * self.inner + self.inner.min((piece + 1) * RUN)
    }

    fn strips(self) -> usize {
        self.columns().div_ceil(STRIP)
    }

    /// The number of pairs that [`fold_wide`] or [`fold_columns`] leave.
    fn partials(self) -> usize {
        match self.is_wide() {
            true => self.outer * self.count * self.pieces(),
            false => self.outer.div_ceil(STRIP_ROWS) * self.strips() * STRIP,
        }
    }

    /// Calls `see(elements, position)` for each partial result of slab `slab`, in the order of memory.
    fn each_partial(self, slab: usize, mut see: impl FnMut(usize, usize)) {
        if self.is_wide() {
            for outer in 0..self.outer {
                let first = (outer * self.count + slab) * self.pieces();
                (first..first + self.pieces()).for_each(|position| see(self.piece(position).len(), position));
            }
            return;
        }
        for run in 0..self.outer.div_ceil(STRIP_ROWS) {
            let rows = STRIP_ROWS.min(self.outer - run * STRIP_ROWS);
            for column in slab * self.inner..(slab + 1) * self.inner {
                see(rows, run * self.strips() * STRIP + column);
            }
        }
    }
}

/// Two numbers for each piece of a wide slab.
fn fold_wide<F: Elementary>(slabs: Slabs, [a, b]: [&mut [F]; 2], piece: impl Fn(usize, Range<usize>) -> [F; 2] + Sync) {
    let each = (BLOCK / slabs.inner.min(RUN)).max(1);
    parallel_chunks2_mut(a, each, b, each, |task, a, b| {
        for (index, (a, b)) in a.iter_mut().zip(b).enumerate() {
            let index = task * each + index;
            [*a, *b] = piece(index / slabs.pieces() % slabs.count, slabs.piece(index));
        }
    });
}

/// Two numbers for each column and run of rows; `strip(rows, columns, a, b)` finds those of some neighbouring columns.
fn fold_columns<F: Elementary>(
    slabs: Slabs,
    [a, b]: [&mut [F]; 2],
    strip: impl Fn(Range<usize>, Range<usize>, &mut [F], &mut [F]) + Sync,
) {
    parallel_chunks2_mut(a, STRIP, b, STRIP, |task, a, b| {
        let (run, first) = (task / slabs.strips(), task % slabs.strips() * STRIP);
        let rows = run * STRIP_ROWS..slabs.outer.min((run + 1) * STRIP_ROWS);
        let columns = first..slabs.columns().min(first + STRIP);
        let width = columns.len();
        strip(rows, columns, &mut a[..width], &mut b[..width]);
    });
}

/// Runs `fill` on two buffers with a number for each partial result.
fn partial_results<F: Elementary>(slabs: Slabs, fill: impl FnOnce([&mut [F]; 2])) -> [Buffer<F>; 2] {
    let [mut a, mut b] = [(); 2].map(|()| Buffer::zeroed(slabs.partials()));
    fill([&mut a, &mut b]);
    [a, b]
}

pub(super) fn moments<F: Elementary>(x: &[F], slabs: Slabs, mean: &mut [F], variance: &mut [F]) {
    check(slabs, &[x], &[mean, variance]);
    let [means, squares] = partial_results(slabs, |partial| match slabs.is_wide() {
        true => fold_wide(slabs, partial, |_, piece| {
            vectorized(
                #[inline(always)]
                || moments_of(&x[piece]),
            )
        }),
        false => fold_columns(slabs, partial, |rows, columns, mean, squares| {
            column_moments(x, slabs.columns(), rows, columns, mean, squares);
        }),
    });
    let each = F::of(slabs.each() as f64);
    for (slab, (mean, variance)) in mean.iter_mut().zip(variance).enumerate() {
        let mut sum = F::of(0.0);
        slabs.each_partial(slab, |count, at| sum = sum + F::of(count as f64) * means[at]);
        *mean = sum / each;
        let mut square = F::of(0.0);
        slabs.each_partial(slab, |count, at| {
            let apart = means[at] - *mean;
            square = square + (squares[at] + F::of(count as f64) * apart * apart);
        });
        *variance = square / each;
    }
}

fn column_moments<F: Elementary>(
    x: &[F],
    row_len: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    mean: &mut [F],
    squares: &mut [F],
) {
    let row = |row: usize| &x[row * row_len + columns.start..][..columns.len()];
    vectorized(
        #[inline(always)]
        || {
            for index in rows.clone() {
                for (sum, &x) in mean.iter_mut().zip(row(index)) {
                    *sum = *sum + x;
                }
            }
            let count = F::of(rows.len() as f64);
            for mean in mean.iter_mut() {
                *mean = *mean / count;
            }
            for index in rows.clone() {
                for ((square, &mean), &x) in squares.iter_mut().zip(mean.iter()).zip(row(index)) {
                    *square = *square + (x - mean) * (x - mean);
                }
            }
        },
    );
}

pub(super) fn gradient_sums<F: Elementary>(
    [grad, x]: [&[F]; 2],
    slabs: Slabs,
    center: &[F],
    gate: Option<Gate<'_, F>>,
    sum: &mut [F],
    product: &mut [F],
) {
    check(slabs, &[grad, x], &[center, sum, product]);
    let [sums, products] = match gate {
        Some(gate) => gated_sums::<F, true>([grad, x], slabs, center, gate),
        None => gated_sums::<F, false>([grad, x], slabs, center, [center; 2]),
    };
    for (slab, (sum, product)) in sum.iter_mut().zip(product).enumerate() {
        (*sum, *product) = (F::of(0.0), F::of(0.0));
        slabs.each_partial(slab, |_, at| {
            *sum = *sum + sums[at];
            *product = *product + products[at];
        });
    }
}

/// The partial results of [`gradient_sums`].
fn gated_sums<F: Elementary, const GATED: bool>(
    [grad, x]: [&[F]; 2],
    slabs: Slabs,
    center: &[F],
    [scale, shift]: Gate<'_, F>,
) -> [Buffer<F>; 2] {
    check(slabs, &[], &[scale, shift]);
    partial_results(slabs, |partial| match slabs.is_wide() {
        true => fold_wide(slabs, partial, |slab, piece| {
            let (center, gate) = (center[slab], [scale[slab], shift[slab]]);
            vectorized(
                #[inline(always)]
                || match GATED {
                    true => sums_through(&grad[piece.clone()], &x[piece.clone()], center, gate),
                    false => sums_about(&grad[piece.clone()], &x[piece.clone()], center),
                },
            )
        }),
        false => {
            let numbers = [center, scale, shift].map(|numbers| per_column(numbers, slabs.inner));
            fold_columns(slabs, partial, |rows, columns, sum, product| {
                let numbers = numbers.each_ref().map(|numbers| &numbers[columns.clone()]);
                column_sums::<F, GATED>([grad, x], slabs.columns(), rows, numbers, columns, sum, product);
            });
        }
    })
}

/// Σ grad and Σ grad (x - center).
#[inline(always)]
fn sums_about<F: Elementary>(grad: &[F], x: &[F], center: F) -> [F; 2] {
    totals(
        grad,
        x,
        #[inline(always)]
        |grad, x| [grad, grad * (x - center)],
    )
}

/// [`sums_about`] of what a ReLU let through, which is written down first: both at once would not be vectorised.
#[inline(always)]
fn sums_through<F: Elementary>(grad: &[F], x: &[F], center: F, gate: [F; 2]) -> [F; 2] {
    let mut passed = [F::of(0.0); STRETCH];
    let mut sums = [F::of(0.0); 2];
    for (grad, x) in grad.chunks(STRETCH).zip(x.chunks(STRETCH)) {
        let passed = &mut passed[..grad.len()];
        for ((passed, &grad), &x) in passed.iter_mut().zip(grad).zip(x) {
            *passed = let_through::<F, true>(grad, x - center, gate);
        }
        let of_stretch = sums_about(passed, x, center);
        sums = [sums[0] + of_stretch[0], sums[1] + of_stretch[1]];
    }
    sums
}

/// Elements of a gradient that are written down at a time.
const STRETCH: usize = 128;

/// The scale and shift of each slab: where (x - center) · scale + shift was not above 0, ReLU let no gradient through.
pub(super) type Gate<'a, F> = [&'a [F]; 2];

/// The gradient, or 0 where it is `GATED` by a ReLU of `apart · scale + shift`. Where that is NaN it goes on, as in PyTorch.
#[inline(always)]
fn let_through<F: Elementary, const GATED: bool>(grad: F, apart: F, [scale, shift]: [F; 2]) -> F {
    if GATED && apart * scale + shift <= F::of(0.0) { F::of(0.0) } else { grad }
}

fn column_sums<F: Elementary, const GATED: bool>(
    [grad, x]: [&[F]; 2],
    row_len: usize,
    rows: Range<usize>,
    [center, scale, shift]: [&[F]; 3],
    columns: Range<usize>,
    sum: &mut [F],
    product: &mut [F],
) {
    vectorized(
        #[inline(always)]
        || {
            for row in rows {
                let start = row * row_len + columns.start;
                let (grad, x) = (&grad[start..][..columns.len()], &x[start..][..columns.len()]);
                let numbers = center.iter().zip(scale.iter().zip(shift));
                let pairs = grad.iter().zip(x).zip(numbers).zip(sum.iter_mut().zip(product.iter_mut()));
                for (((&grad, &x), (&center, (&scale, &shift))), (sum, product)) in pairs {
                    let grad = let_through::<F, GATED>(grad, x - center, [scale, shift]);
                    *sum = *sum + grad;
                    *product = *product + grad * (x - center);
                }
            }
        },
    );
}

pub(super) fn affine<F: Elementary>(x: &[F], slabs: Slabs, numbers: [&[F]; 3], relu: bool, out: &mut [F]) {
    match relu {
        true => rectified_affine::<F, true>(x, slabs, numbers, out),
        false => rectified_affine::<F, false>(x, slabs, numbers, out),
    }
}

fn rectified_affine<F: Elementary, const RELU: bool>(
    x: &[F],
    slabs: Slabs,
    [center, scale, shift]: [&[F]; 3],
    out: &mut [F],
) {
    check(slabs, &[x, out], &[center, scale, shift]);
    each_stretch(
        slabs,
        out,
        |slab, at, out| {
            let (center, scale, shift) = (center[slab], scale[slab], shift[slab]);
            let x = &x[at..][..out.len()];
            vectorized(
                #[inline(always)]
                || {
                    for (out, &x) in out.iter_mut().zip(x) {
                        *out = rectified::<F, RELU>((x - center) * scale + shift);
                    }
                },
            );
        },
        || [center, scale, shift].map(|numbers| per_column(numbers, slabs.inner)),
        |[center, scale, shift], columns, at, out| {
            let x = &x[at..][..out.len()];
            let [center, scale, shift] = [center, scale, shift].map(|numbers| &numbers[columns.clone()]);
            vectorized(
                #[inline(always)]
                || {
                    let numbers = center.iter().zip(scale).zip(shift);
                    for ((out, &x), ((&center, &scale), &shift)) in out.iter_mut().zip(x).zip(numbers) {
                        *out = rectified::<F, RELU>((x - center) * scale + shift);
                    }
                },
            );
        },
    );
}

/// The number, or if `RELU` the larger of it and 0; NaN stays NaN.
#[inline(always)]
fn rectified<F: Elementary, const RELU: bool>(y: F) -> F {
    if RELU && y < F::of(0.0) { F::of(0.0) } else { y }
}

pub(super) fn gradient<F: Elementary>(
    grad_and_x: [&[F]; 2],
    slabs: Slabs,
    numbers: [&[F]; 4],
    gate: Option<Gate<'_, F>>,
    out: &mut [F],
) {
    match gate {
        Some(gate) => gated_gradient::<F, true>(grad_and_x, slabs, numbers, gate, out),
        None => gated_gradient::<F, false>(grad_and_x, slabs, numbers, [numbers[0]; 2], out),
    }
}

fn gated_gradient<F: Elementary, const GATED: bool>(
    [grad, x]: [&[F]; 2],
    slabs: Slabs,
    [factor, center, slope, shift]: [&[F]; 4],
    [gate_scale, gate_shift]: Gate<'_, F>,
    out: &mut [F],
) {
    check(slabs, &[grad, x, out], &[factor, center, slope, shift, gate_scale, gate_shift]);
    let numbers = [factor, center, slope, shift, gate_scale, gate_shift];
    each_stretch(
        slabs,
        out,
        |slab, at, out| {
            let numbers = numbers.map(|numbers| numbers[slab]);
            let (grad, x) = (&grad[at..][..out.len()], &x[at..][..out.len()]);
            vectorized(
                #[inline(always)]
                || {
                    for ((out, &grad), &x) in out.iter_mut().zip(grad).zip(x) {
                        *out = gradient_at::<F, GATED>(grad, x, numbers);
                    }
                },
            );
        },
        || numbers.map(|numbers| per_column(numbers, slabs.inner)),
        |numbers, columns, at, out| {
            let (grad, x) = (&grad[at..][..out.len()], &x[at..][..out.len()]);
            let [factor, center, slope, shift, gate_scale, gate_shift] =
                numbers.each_ref().map(|numbers| &numbers[columns.clone()]);
            vectorized(
                #[inline(always)]
                || {
                    let slopes = slope.iter().zip(shift).zip(gate_scale.iter().zip(gate_shift));
                    let numbers = factor.iter().zip(center).zip(slopes);
                    for ((out, (&grad, &x)), ((&a, &b), ((&c, &d), (&e, &f)))) in
                        out.iter_mut().zip(grad.iter().zip(x)).zip(numbers)
                    {
                        *out = gradient_at::<F, GATED>(grad, x, [a, b, c, d, e, f]);
                    }
                },
            );
        },
    );
}

#[inline(always)]
fn gradient_at<F: Elementary, const GATED: bool>(
    grad: F,
    x: F,
    [factor, center, slope, shift, gate_scale, gate_shift]: [F; 6],
) -> F {
    let apart = x - center;
    let_through::<F, GATED>(grad, apart, [gate_scale, gate_shift]) * factor + (apart * slope + shift)
}

/// Fills a stretch of a row, from its row, columns and position.
type Stretch<'a, F> = dyn Fn(usize, Range<usize>, usize, &mut [F]) + Sync + 'a;

/// Fills `out` in parallel: by `wide(slab, position, out)` where neighbours share their numbers, and otherwise by
/// `narrow(numbers, columns, position, out)`, for which `spread` gives each column its own.
fn each_stretch<F: Elementary, N: Sync>(
    slabs: Slabs,
    out: &mut [F],
    wide: impl Fn(usize, usize, &mut [F]) + Sync,
    spread: impl FnOnce() -> N,
    narrow: impl Fn(&N, Range<usize>, usize, &mut [F]) + Sync,
) {
    let cut = |row_len: usize, stretch: &Stretch<'_, F>, out: &mut [F]| {
        parallel_chunks_mut(out, BLOCK, |task, mut out| {
            let mut at = task * BLOCK;
            while !out.is_empty() {
                let (row, first) = (at / row_len, at % row_len);
                let (now, later) = out.split_at_mut((row_len - first).min(out.len()));
                stretch(row, first..first + now.len(), at, now);
                at += now.len();
                out = later;
            }
        });
    };
    if slabs.is_empty() {
        return;
    }
    if slabs.is_wide() {
        cut(slabs.inner, &|row, _, at, out| wide(row % slabs.count, at, out), out);
    } else {
        let numbers = spread();
        cut(slabs.columns(), &|_, columns, at, out| narrow(&numbers, columns, at, out), out);
    }
}

/// The number of each slab for each of its columns.
fn per_column<F: Elementary>(numbers: &[F], inner: usize) -> Buffer<F> {
    let mut columns = Buffer::unspecified(numbers.len() * inner);
    if inner > 0 {
        columns.chunks_exact_mut(inner).zip(numbers).for_each(|(columns, &number)| columns.fill(number));
    }
    columns
}

fn check<F>(slabs: Slabs, elements: &[&[F]], numbers: &[&[F]]) {
    let whole = elements.iter().all(|elements| elements.len() == slabs.len());
    assert!(whole && numbers.iter().all(|numbers| numbers.len() == slabs.count), "as many as {slabs:?} says");
}
