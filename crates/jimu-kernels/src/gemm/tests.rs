use num_traits::Num;

use super::*;
use crate::threads::tests::with_threads;

/// The product one element at a time.
pub(super) fn naive<T: GemmElement + Num>(
    shape: GemmShape,
    (a, sa): (&[T], Strides),
    (b, sb): (&[T], Strides),
    c: &mut [T],
    sc: Strides,
    accumulate: bool,
) {
    for i in 0..shape.m {
        for j in 0..shape.n {
            let place = i * sc.0 + j * sc.1;
            let start = if accumulate { c[place] } else { T::zero() };
            c[place] = (0..shape.k).fold(start, |sum, p| sum + a[i * sa.0 + p * sa.1] * b[p * sb.0 + j * sb.1]);
        }
    }
}

/// Small whole numbers, of which every sum here is exact in any order.
pub(super) fn numbers<T: Num>(len: usize, seed: usize, cast: impl Fn(u8) -> T) -> Vec<T> {
    (0..len).map(|i| cast(((i + seed).wrapping_mul(2_654_435_761) >> 7) as u8 % 5)).collect()
}

/// Strides of a rows x columns matrix: by rows, by columns, with gaps, spread.
pub(super) fn layouts(rows: usize, columns: usize) -> [Strides; 4] {
    [(columns.max(1), 1), (1, rows.max(1)), (columns + 3, 1), (3, 3 * rows + 5)]
}

/// Checks a product whose c has neighbouring rows, from each start, which has an index: `multiply` is to compute it.
#[cfg(target_arch = "x86_64")]
pub(super) fn check_starts(
    shape: GemmShape,
    sa: Strides,
    sb: Strides,
    multiply: impl Fn(usize, &Operands<'_, f32>, Target<f32>, Start<'_, f32>),
) {
    let GemmShape { m, n, k } = shape;
    let numbers = |size, strides, seed| numbers(span(size, strides), seed, f32::from);
    let (a, b, row) = (numbers((m, k), sa, 1), numbers((k, n), sb, 2), numbers((m, 1), (1, 1), 3));
    let starts = [(Start::Zero, m), (Start::Sums, m + 3), (Start::Row(&row), m + 1)];
    for (index, (start, step)) in starts.into_iter().enumerate() {
        let old = numbers((m, n), (1, step), 4);
        let (mut c, mut expected) = (old.clone(), old);
        if let Start::Row(row) = start {
            expected.chunks_mut(step).for_each(|c| c[..m].copy_from_slice(row));
        }
        let target = Target { data: c.as_mut_ptr(), strides: (1, step) };
        multiply(index, &Operands::new(shape, (&a, sa), (&b, sb)), target, start);
        let accumulate = !matches!(start, Start::Zero);
        naive(shape, (&a, sa), (&b, sb), &mut expected, (1, step), accumulate);
        assert!(c == expected, "{shape:?} {sa:?} {sb:?} {start:?}");
    }
}

fn check<T: GemmElement + Num + std::fmt::Debug>(shape: GemmShape, old: T, cast: impl Fn(u8) -> T) {
    let GemmShape { m, n, k } = shape;
    for (index, sc) in layouts(m, n).into_iter().enumerate() {
        for (sa, sb) in layouts(m, k).into_iter().zip((0..4).map(|i| layouts(k, n)[(i + index) % 4])) {
            let (a, b) = (numbers(span((m, k), sa), 1, &cast), numbers(span((k, n), sb), 2, &cast));
            let mut c = vec![old; span((m, n), sc)];
            let mut expected = c.clone();
            for accumulate in [false, true] {
                gemm(shape, &a, sa, &b, sb, &mut c, sc, accumulate);
                naive(shape, (&a, sa), (&b, sb), &mut expected, sc, accumulate);
                // By text, so that the untouched NaN between the elements compare equal.
                assert!(c == expected || format!("{c:?}") == format!("{expected:?}"), "{shape:?} {sa:?} {sb:?} {sc:?}");
            }
        }
    }
}

#[test]
fn equals_one_element_at_a_time() {
    let sizes = [0, 1, 2, 3, 5, 17, 33];
    for m in sizes {
        for n in sizes {
            for k in [0, 1, 2, 3, 7, 40] {
                let shape = GemmShape { m, n, k };
                check(shape, f32::NAN, f32::from);
                check(shape, f64::NAN, f64::from);
                check(shape, -7, i64::from);
            }
        }
    }
    for (m, n, k) in
        [(64, 400, 120), (64, 10, 84), (300, 1, 500), (1, 300, 500), (6, 25, 9000), (1, 1, 5000), (130, 270, 65)]
    {
        check(GemmShape { m, n, k }, f32::NAN, f32::from);
        check(GemmShape { m, n, k }, f64::NAN, f64::from);
        check(GemmShape { m, n, k }, 9, i64::from);
    }
}

#[test]
fn matrices_with_rows_or_columns_pages_apart_are_multiplied() {
    let far = 1100;
    let check = |shape: GemmShape, sa, sb| {
        for sc in [(far, 1), (1, far)] {
            let numbers = |size, strides, seed| numbers(span(size, strides), seed, f32::from);
            let (a, b) = (numbers((shape.m, shape.k), sa, 1), numbers((shape.k, shape.n), sb, 2));
            let mut c = numbers((shape.m, shape.n), sc, 3);
            let mut expected = c.clone();
            gemm(shape, &a, sa, &b, sb, &mut c, sc, true);
            naive(shape, (&a, sa), (&b, sb), &mut expected, sc, true);
            assert!(c == expected, "{shape:?} {sa:?} {sb:?} {sc:?}");
        }
    };
    for (sa, sb) in [((1, far), (far, 1)), ((1, far), (1, far)), ((far, 1), (far, 1)), ((far, 1), (1, far))] {
        check(GemmShape { m: 130, n: 70, k: 600 }, sa, sb);
    }
    for (sa, sb) in [((2, far), (far, 3)), ((far, 3), (2, far)), ((0, 0), (far, 2)), ((far, 2), (0, 0))] {
        check(GemmShape { m: 130, n: 70, k: 600 }, sa, sb);
        check(GemmShape { m: 20, n: 3, k: 7 }, sa, sb);
    }
    let long = GemmShape { m: 130, n: 70, k: 2100 };
    assert!(parts(long).is_some() && tile::tile_sizes(long) != (130, 70));
    check(long, (1, far), (far, 1));
}

#[test]
fn strides_of_zero_repeat() {
    for (m, n, k) in [(5, 6, 7), (130, 140, 50)] {
        let shape = GemmShape { m, n, k };
        let (a, b) = (numbers(m.max(k), 3, f32::from), numbers(n.max(k), 4, f32::from));
        for (sa, sb) in [(0, 1), (1, 0)].into_iter().flat_map(|sa| [(sa, (1, 0)), (sa, (0, 1))]) {
            let (mut c, mut expected) = (vec![0.0; m * n], vec![0.0; m * n]);
            gemm(shape, &a, sa, &b, sb, &mut c, (n, 1), false);
            naive(shape, (&a, sa), (&b, sb), &mut expected, (n, 1), false);
            assert_eq!(c, expected, "{shape:?} {sa:?} {sb:?}");
        }
    }
}

#[test]
fn not_a_number_spreads_from_the_operands_only() {
    for (m, n, k) in [(4, 4, 4), (1, 9, 3), (9, 1, 300), (40, 50, 60), (3, 3, 1), (3, 3, 2), (2, 3, 4096)] {
        let (mut a, b) = (vec![1.0f32; m * k], vec![0.0f32; k * n]);
        a[0] = f32::NAN;
        let mut c = vec![f32::NAN; m * n];
        gemm(GemmShape { m, n, k }, &a, (k, 1), &b, (n, 1), &mut c, (n, 1), false);
        assert!(c[..n].iter().all(|c| c.is_nan()) && c[n..].iter().all(|&c| c == 0.0), "{m} {n} {k}: {c:?}");
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for (m, n, k) in [
        (64, 400, 120),
        (257, 300, 129),
        (6, 25, 9000),
        (70, 130, 2100),
        (700, 1, 900),
        (1, 2000, 300),
        (500, 450, 700),
    ] {
        let real = |i: usize| ((i * 7919) % 1009) as f32 / 1009.0 - 0.4;
        let a: Vec<f32> = (0..m * k).map(real).collect();
        let b: Vec<f32> = (0..k * n).map(real).collect();
        let results = [1, 2, 7].map(|threads| {
            let mut c = vec![0.0; m * n];
            with_threads(threads, || gemm(GemmShape { m, n, k }, &a, (k, 1), &b, (n, 1), &mut c, (n, 1), false));
            c
        });
        assert!(results.iter().all(|result| result == &results[0]), "{m} {n} {k}");
    }
}

#[test]
fn a_batch_equals_its_products_one_by_one() {
    for (batch, m, n, k) in
        [(0, 2, 2, 2), (5, 3, 4, 2), (1000, 8, 9, 10), (2, 200, 170, 150), (4, 2, 0, 3), (3, 2, 2, 0)]
    {
        let (a, b) = (numbers(batch * m * k + 1, 1, f32::from), numbers(2 * k * n + 1, 2, f32::from));
        let a_offsets: Vec<usize> = (0..batch).map(|i| i * m * k).collect();
        let b_offsets: Vec<usize> = (0..batch).map(|i| i % 2 * k * n).collect();
        let mut c = vec![f32::NAN; batch * m * n];
        let mut expected = c.clone();
        let left = BatchOperand { data: &a, offsets: &a_offsets, strides: (k, 1) };
        let right = BatchOperand { data: &b, offsets: &b_offsets, strides: (1, k) };
        let shape = GemmShape { m, n, k };
        batched_gemm(shape, left, right, &mut c, m * n, (n, 1), false);
        for i in 0..batch {
            let (a, b) = (&a[a_offsets[i]..], &b[b_offsets[i]..]);
            naive(shape, (a, (k, 1)), (b, (1, k)), &mut expected[i * m * n..], (n, 1), false);
        }
        assert_eq!(c, expected, "{batch} of {shape:?}");
    }
}

#[test]
fn the_bias_is_added_to_every_row() {
    let shape = GemmShape { m: 2, n: 3, k: 1 };
    for (row, column) in [(3, 1), (1, 2), (4, 1), (7, 2)] {
        let mut c = [f64::NAN; 12];
        gemm_bias(shape, &[1.0, 2.0], (1, 1), &[1.0, 10.0, 100.0], (3, 1), &[0.5, 0.25, 0.125], &mut c, (row, column));
        let sums = [0, 1].map(|i| [0, 1, 2].map(|j| c[i * row + j * column]));
        assert_eq!(sums, [[1.5, 10.25, 100.125], [2.5, 20.25, 200.125]]);
    }
}

fn check_bias<T: GemmElement + Num + std::fmt::Debug>(shape: GemmShape, cast: impl Fn(u8) -> T) {
    let GemmShape { m, n, k } = shape;
    let (a, b, bias) = (numbers(m * k, 1, &cast), numbers(k * n, 2, &cast), numbers(n, 3, &cast));
    for (b_strides, sc) in [(n, 1), (1, k)].into_iter().flat_map(|sb| layouts(m, n).map(|sc| (sb, sc))) {
        let mut c = vec![cast(9); span((m, n), sc)];
        let mut expected = c.clone();
        fill_rows(shape, &bias, &mut expected, sc);
        naive(shape, (&a, (k, 1)), (&b, b_strides), &mut expected, sc, true);
        gemm_bias(shape, &a, (k, 1), &b, b_strides, &bias, &mut c, sc);
        assert_eq!(c, expected, "{shape:?} {b_strides:?} {sc:?}");
    }
}

#[test]
fn sums_start_from_the_bias_on_every_path() {
    for (m, n, k) in [
        (3, 12, 40),
        (64, 120, 400),
        (7, 64, 130),
        (130, 270, 600),
        (6, 25, 9000),
        (5, 4, 0),
        (1, 40, 8),
        (400, 390, 300),
    ] {
        check_bias(GemmShape { m, n, k }, f32::from);
        check_bias(GemmShape { m, n, k }, f64::from);
        check_bias(GemmShape { m, n, k }, i64::from);
    }
}

#[test]
#[should_panic(expected = "gemm: b of size (4, 5) with strides (5, 1) needs 20 elements, but has 19")]
fn a_matrix_that_reaches_beyond_its_slice_is_refused() {
    gemm(GemmShape { m: 3, n: 5, k: 4 }, &[0.0f32; 12], (4, 1), &[0.0; 19], (5, 1), &mut [0.0; 15], (5, 1), false);
}

#[test]
#[should_panic(expected = "overlap")]
fn a_result_that_overlaps_itself_is_refused() {
    gemm(GemmShape { m: 3, n: 5, k: 4 }, &[0.0f32; 12], (4, 1), &[0.0; 20], (5, 1), &mut [0.0; 15], (4, 1), false);
}

#[test]
#[should_panic(expected = "needs 18446744073709551615 elements")]
fn strides_that_overflow_are_refused() {
    let far = (usize::MAX / 2, 1);
    gemm(GemmShape { m: 4, n: 1, k: 1 }, &[0.0f32; 4], far, &[0.0; 1], (1, 1), &mut [0.0; 4], (1, 1), false);
}
