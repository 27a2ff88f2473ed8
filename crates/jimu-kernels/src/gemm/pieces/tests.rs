use super::*;
use crate::gemm::Strides;
use crate::gemm::tests::{check_starts, layouts, naive};

/// Too large to be near: both parts are one section.
const SEVERAL_PARTS: GemmShape = GemmShape { m: 1300, n: 70, k: 300 };

/// These tests need AMX, asked for or not.
fn there_is_amx() -> bool {
    simd::names().contains(&"amx")
}

/// The product of dense matrices, a by columns and b by rows, in so many groups.
fn product(shape: GemmShape, a: &[f32], b: &[f32], groups: (usize, usize)) -> Vec<f32> {
    let mut c = vec![0.0; shape.m * shape.n];
    let operands = Operands::new(shape, (a, (1, shape.m)), (b, (shape.n, 1)));
    let target = Target { data: c.as_mut_ptr(), strides: (1, shape.m) };
    // SAFETY: all matrices are as large as their slices, and there is AMX.
    unsafe { multiply_groups(groups, &operands, target, Start::Zero) };
    c
}

/// Numbers of all signs and some sizes, all of whose bits count.
fn uneven(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from_bits(state >> 9 | 0x3f80_0000) - 1.5
    };
    (0..len).map(|_| next() * (4.0 * next()).exp2()).collect()
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

#[test]
fn equals_one_element_at_a_time() {
    if !there_is_amx() {
        return;
    }
    for (m, n, k) in
        [(1, 1, 1), (32, 32, 32), (31, 33, 7), (64, 70, 256), (300, 40, 90), (70, 50, 600), (33, 290, 1030)]
    {
        let shape = GemmShape { m, n, k };
        for (sa, sb) in layouts(m, k).into_iter().flat_map(|sa| layouts(k, n).map(|sb| (sa, sb))) {
            check(shape, sa, sb);
        }
    }
    check(SEVERAL_PARTS, layouts(SEVERAL_PARTS.m, SEVERAL_PARTS.k)[0], layouts(SEVERAL_PARTS.k, SEVERAL_PARTS.n)[1]);
}

fn check(shape: GemmShape, sa: Strides, sb: Strides) {
    check_starts(shape, sa, sb, |index, operands, target, start| {
        // SAFETY: all matrices are as large as their slices, and there is AMX.
        unsafe { multiply_groups([(1, 1), (2, 1), (2, 2)][index], operands, target, start) };
    });
}

/// The mean square of the errors against the product of `f64`, and the largest, in parts of the sum of the terms' magnitudes.
fn errors(shape: GemmShape, a: &[f32], b: &[f32], c: &[f32]) -> (f64, f64) {
    let GemmShape { m, n, k } = shape;
    let (mut square, mut largest) = (0.0, 0.0_f64);
    for (index, &c) in c.iter().enumerate() {
        let (i, j) = (index % m, index / m);
        let terms = (0..k).map(|p| f64::from(a[i + p * m]) * f64::from(b[p * n + j]));
        let (sum, magnitude) = terms.fold((0.0, 0.0), |(sum, all), term| (sum + term, all + term.abs()));
        let error = (f64::from(c) - sum).abs() / magnitude;
        square += error * error / (m * n) as f64;
        largest = largest.max(error);
    }
    (square, largest)
}

#[test]
fn errs_no_more_than_sums_of_f32() {
    if !there_is_amx() {
        return;
    }
    for k in [1, 32, 300, 1500] {
        let shape = GemmShape { m: 64, n: 64, k };
        let (a, b) = (uneven(shape.m * k, 1), uneven(k * shape.n, 2));
        let mut plain = vec![0.0; shape.m * shape.n];
        naive(shape, (&a, (1, shape.m)), (&b, (shape.n, 1)), &mut plain, (1, shape.m), false);
        let (with_pieces, without) =
            (errors(shape, &a, &b, &product(shape, &a, &b, (1, 1))), errors(shape, &a, &b, &plain));
        assert!(with_pieces.0 <= 1.1 * without.0, "{k} terms: {with_pieces:?} {without:?}");
        assert!(with_pieces.1 <= 1.3 * without.1, "{k} terms: {with_pieces:?} {without:?}");
    }
}

#[test]
fn groups_change_no_bits() {
    if !there_is_amx() {
        return;
    }
    let shape = GemmShape { m: 200, n: 130, k: 700 };
    let (mut a, b) = (uneven(shape.m * shape.k, 3), uneven(shape.k * shape.n, 4));
    a[150 + 500 * shape.m] = f32::INFINITY;
    let whole = bits(&product(shape, &a, &b, (1, 1)));
    for groups in [(2, 1), (1, 2), (4, 2), (3, 8)] {
        assert!(bits(&product(shape, &a, &b, groups)) == whole, "{groups:?}");
    }
}

#[test]
fn what_is_not_finite_or_nearly_infinite_is_multiplied_plainly() {
    if !there_is_amx() {
        return;
    }
    for shape in [GemmShape { m: 70, n: 40, k: 300 }, SEVERAL_PARTS] {
        for odd in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::from_bits(0x7fff_ffff)] {
            check_odd(shape, odd);
        }
    }
}

/// A number in the second part of a, and one in the first of b.
fn check_odd(shape: GemmShape, odd: f32) {
    let (mut a, mut b) = (uneven(shape.m * shape.k, 5), uneven(shape.k * shape.n, 6));
    let finite = product(shape, &a, &b, (1, 1));
    (a[40 + 200 * shape.m], b[10 * shape.n + 35]) = (odd, odd);
    b[200 * shape.n] = 0.5;
    let (c, mut expected) = (product(shape, &a, &b, (1, 1)), vec![0.0; shape.m * shape.n]);
    naive(shape, (&a, (1, shape.m)), (&b, (shape.n, 1)), &mut expected, (1, shape.m), false);
    for (index, (&c, &expected)) in c.iter().zip(&expected).enumerate() {
        let near = (c - expected).abs() <= 1e-4 * expected.abs().max(1.0);
        assert!(near || c == expected || c.is_nan() && expected.is_nan(), "{odd}, {index}: {c} {expected}");
    }
    // Rows of strips without such numbers, by columns of such: as ever.
    let elsewhere = |index: usize| index % shape.m < 32 && (1..32).contains(&(index / shape.m));
    let kept = |numbers: &[f32]| -> Vec<u32> {
        (0..numbers.len()).filter(|&index| elsewhere(index)).map(|index| numbers[index].to_bits()).collect()
    };
    assert!(kept(&c) == kept(&finite), "{odd}");
}

#[test]
fn long_sums_are_taken_in_sections_and_groups_are_near() {
    let large = GemmShape { m: 5000, n: 5000, k: 1000 };
    let cut = Tiling::new(large);
    assert_eq!((cut.sections, cut.strips, cut.tiles, cut.parts.count), (2, (157, 157), (20, 20), 4));
    let longer = Tiling::new(GemmShape { k: 4000, ..large });
    assert_eq!((longer.sections, longer.parts.count, longer.longest_section()), (6, 16, 24));
    assert_eq!(groups(large, 8), (1, 1));
    let several = Tiling::new(SEVERAL_PARTS);
    assert_eq!((several.sections, several.parts.count), (1, 2));
    let small = GemmShape { m: 512, n: 784, k: 128 };
    assert_eq!([1, 2, 3, 8].map(|threads| groups(small, threads)), [(1, 1), (1, 2), (2, 2), (2, 4)]);
    assert_eq!(Tiling::new(small).sections, 1);
    assert_eq!(tile_sizes(GemmShape { m: 1024, n: 1024, k: 1024 }), (256, 256));
}
