use super::*;
use crate::gemm::span;
use crate::threads::tests::with_threads;

/// Numbers between -1 and 1 that are no bfloat16.
fn reals(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(next).collect()
}

/// Strides of a rows x columns matrix: by rows, by columns, with gaps, spread.
fn layouts(rows: usize, columns: usize) -> [Strides; 5] {
    [(columns.max(1), 1), (1, rows.max(1)), (columns + 3, 1), (1, rows + 1), (3, 3 * rows + 5)]
}

fn halves(values: &[f32]) -> Vec<bf16> {
    values.iter().map(|&x| bf16::from_f32(x)).collect()
}

/// The product one element at a time, of rounded operands and in `f64`, and the sum of the terms' magnitudes.
fn naive(shape: GemmShape, a: (&[f32], Strides), b: (&[f32], Strides), i: usize, j: usize) -> (f64, f64) {
    let element = |(values, strides): (&[f32], Strides), row: usize, column: usize| {
        bf16::from_f32(values[row * strides.0 + column * strides.1]).to_f64()
    };
    (0..shape.k).fold((0.0, 0.0), |(sum, size), p| {
        let term = element(a, i, p) * element(b, p, j);
        (sum + term, size + term.abs())
    })
}

fn check(shape: GemmShape, sa: Strides, sb: Strides, sc: Strides) {
    let GemmShape { m, n, k } = shape;
    let (a, b) = (reals(span((m, k), sa), 1), reals(span((k, n), sb), 2));
    let (half_a, half_b) = (halves(&a), halves(&b));
    let start = reals(span((m, n), sc), 3);
    let elements: Vec<(usize, usize)> = (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).collect();
    let expected: Vec<(f64, f64)> = elements.iter().map(|&(i, j)| naive(shape, (&a, sa), (&b, sb), i, j)).collect();
    let mut bits: Option<Vec<f32>> = None;
    for (left, right) in [
        (Values::F32(&a), Values::F32(&b)),
        (Values::F32(&a), Values::Bf16(&half_b)),
        (Values::Bf16(&half_a), Values::F32(&b)),
        (Values::Bf16(&half_a), Values::Bf16(&half_b)),
    ] {
        for accumulate in [false, true] {
            let mut c = start.clone();
            gemm(shape, left, sa, right, sb, &mut c, sc, accumulate);
            let mut between = start.clone();
            for (&(i, j), &(sum, size)) in elements.iter().zip(&expected) {
                let place = i * sc.0 + j * sc.1;
                let old = if accumulate { f64::from(start[place]) } else { 0.0 };
                let error = (f64::from(c[place]) - sum - old).abs();
                let most = 1e-6 * (size + old.abs() + 1e-3);
                assert!(error <= most, "{shape:?} {sa:?} {sb:?} {sc:?}: {} for {}", c[place], sum + old);
                between[place] = c[place];
            }
            assert_eq!(c, between, "what lies between the elements of c is not touched");
            if !accumulate {
                assert_eq!(bits.get_or_insert_with(|| c.clone()), &c, "an operand that is rounded before");
            }
        }
    }
}

#[test]
fn equals_one_element_at_a_time() {
    let mut turn = 0;
    for m in [1, 2, 5, 17, 33, 64, 70] {
        for n in [1, 3, 6, 16, 49, 97] {
            for k in [0, 1, 2, 7, 40, 65] {
                // Each pair of layouts comes up with many sizes.
                turn += 1;
                let (a, b, c) = (turn % 5, turn / 5 % 5, turn / 25 % 4);
                check(GemmShape { m, n, k }, layouts(m, k)[a], layouts(k, n)[b], layouts(m, n)[c]);
            }
        }
    }
    for (m, n, k) in [(3, 5, 1500), (6, 25, 5001), (130, 100, 1030), (20, 70, 2100)] {
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1), (4, 4)] {
            check(GemmShape { m, n, k }, layouts(m, k)[a], layouts(k, n)[b], layouts(m, n)[a % 2]);
        }
    }
}

#[test]
fn strides_of_zero_repeat() {
    check(GemmShape { m: 5, n: 6, k: 7 }, (0, 1), (1, 0), (6, 1));
    check(GemmShape { m: 20, n: 6, k: 8 }, (1, 0), (0, 1), (1, 20));
}

#[test]
fn empty_products_are_zero_or_nothing() {
    let none = Values::F32(&[]);
    let mut c = [7.0; 6];
    gemm(GemmShape { m: 2, n: 3, k: 0 }, none, (1, 1), none, (3, 1), &mut c, (3, 1), true);
    assert_eq!(c, [7.0; 6]);
    gemm(GemmShape { m: 2, n: 3, k: 0 }, none, (1, 1), none, (3, 1), &mut c, (3, 1), false);
    assert_eq!(c, [0.0; 6]);
    gemm(GemmShape { m: 0, n: 3, k: 4 }, none, (4, 1), Values::F32(&[1.0; 12]), (3, 1), &mut [], (3, 1), false);
}

#[test]
fn not_a_number_spreads_from_the_operands_only() {
    for (m, n, k) in [(4, 4, 4), (1, 9, 3), (9, 1, 300), (40, 50, 61), (3, 3, 1), (2, 3, 4096)] {
        let (mut a, b) = (vec![1.0f32; m * k], vec![0.0f32; k * n]);
        // One that loses its payload if it is only cut off.
        a[0] = f32::from_bits(0x7f80_0001);
        let mut c = vec![f32::NAN; m * n];
        gemm(GemmShape { m, n, k }, Values::F32(&a), (k, 1), Values::F32(&b), (n, 1), &mut c, (n, 1), false);
        assert!(c[..n].iter().all(|c| c.is_nan()) && c[n..].iter().all(|&c| c == 0.0), "{m} {n} {k}: {c:?}");
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for (m, n, k) in [(64, 400, 120), (257, 300, 129), (6, 25, 9000), (700, 1, 900), (1, 2000, 300)] {
        let (a, b) = (reals(m * k, 4), reals(k * n, 5));
        let results = [1, 2, 7].map(|threads| {
            let mut c = vec![0.0; m * n];
            let product = || {
                let shape = GemmShape { m, n, k };
                gemm(shape, Values::F32(&a), (k, 1), Values::F32(&b), (n, 1), &mut c, (n, 1), false);
            };
            with_threads(threads, product);
            c
        });
        assert!(results.iter().all(|result| result == &results[0]), "{m} {n} {k}");
    }
}

#[test]
fn a_batch_equals_its_products_one_by_one() {
    for (batch, m, n, k) in
        [(0, 2, 2, 2), (5, 3, 4, 2), (300, 8, 9, 10), (2, 200, 170, 150), (4, 2, 0, 3), (3, 2, 2, 0)]
    {
        let (a, b) = (reals(batch * m * k + 1, 1), halves(&reals(2 * k * n + 1, 2)));
        let a_offsets: Vec<usize> = (0..batch).map(|i| i * m * k).collect();
        let b_offsets: Vec<usize> = (0..batch).map(|i| i % 2 * k * n).collect();
        let mut c = vec![f32::NAN; batch * m * n];
        let mut expected = c.clone();
        let left = BatchOperand { values: Values::F32(&a), offsets: &a_offsets, strides: (k, 1) };
        let right = BatchOperand { values: Values::Bf16(&b), offsets: &b_offsets, strides: (1, k) };
        let shape = GemmShape { m, n, k };
        batched_gemm(shape, left, right, &mut c, m * n, (n, 1));
        for i in 0..batch {
            let (a, b) = (Values::F32(&a[a_offsets[i]..]), Values::Bf16(&b[b_offsets[i]..]));
            gemm(shape, a, (k, 1), b, (1, k), &mut expected[i * m * n..][..m * n], (n.max(1), 1), false);
        }
        assert_eq!(c, expected, "{batch} of {shape:?}");
    }
}

#[test]
fn the_bias_is_added_to_every_row() {
    let shape = GemmShape { m: 2, n: 3, k: 1 };
    for (row, column) in [(3, 1), (1, 2), (4, 1)] {
        let mut c = [f32::NAN; 12];
        let (a, b) = (Values::F32(&[1.0, 2.0]), Values::F32(&[1.0, 10.0, 100.0]));
        gemm_bias(shape, a, (1, 1), b, (3, 1), &[0.5, 0.25, 0.125], &mut c, (row, column));
        let sums = [0, 1].map(|i| [0, 1, 2].map(|j| c[i * row + j * column]));
        assert_eq!(sums, [[1.5, 10.25, 100.125], [2.5, 20.25, 200.125]]);
    }
}

#[test]
fn rounding_is_to_the_nearest_and_even() {
    let edges = [
        0.0,
        -0.0,
        1.0,
        f32::from_bits(0x3f80_8000), // halfway between 1 and its neighbour: to the even one
        f32::from_bits(0x3f81_8000), // halfway again, the even one is above
        f32::from_bits(0x3f80_8001),
        f32::MAX, // to infinity
        f32::MIN_POSITIVE,
        1e-40, // not a normal number, and kept
        f32::from_bits(1),
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::from_bits(0x7f80_0001),
        f32::from_bits(0xffff_ffff),
    ];
    let numbers: Vec<f32> = edges.into_iter().chain(reals(200_000, 9)).collect();
    let mut halves = vec![bf16::ZERO; numbers.len()];
    round(&numbers, &mut halves);
    let mut back = vec![0.0; numbers.len()];
    widen(&halves, &mut back);
    for ((&x, half), back) in numbers.iter().zip(&halves).zip(&back) {
        assert_eq!(half.to_bits(), bf16::from_f32(x).to_bits(), "{x}");
        assert_eq!(back.to_bits(), half.to_f32().to_bits());
    }
}

#[test]
#[should_panic(expected = "gemm: b of size (4, 5) with strides (5, 1) needs 20 elements, but has 19")]
fn a_matrix_that_reaches_beyond_its_slice_is_refused() {
    let shape = GemmShape { m: 3, n: 5, k: 4 };
    gemm(shape, Values::F32(&[0.0; 12]), (4, 1), Values::F32(&[0.0; 19]), (5, 1), &mut [0.0; 15], (5, 1), false);
}

#[test]
#[should_panic(expected = "overlap")]
fn a_result_that_overlaps_itself_is_refused() {
    let shape = GemmShape { m: 3, n: 5, k: 4 };
    gemm(shape, Values::F32(&[0.0; 12]), (4, 1), Values::F32(&[0.0; 20]), (5, 1), &mut [0.0; 15], (4, 1), false);
}
