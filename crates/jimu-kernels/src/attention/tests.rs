use super::naive::{Head, attend};
use super::*;
use crate::threads::tests::with_threads;

/// Numbers around 0, never the same twice.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 30) - 1.0
    }

    fn list<T: AttentionElement>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| T::nearest(2.0 * self.next())).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hiding {
    Nothing,
    /// Truth values for each key, the same for all heads and queries.
    Keys,
    /// Truth values for each query and key, of which the last query has none.
    Pairs,
    /// Numbers for each head, query and key, some of them infinite.
    Numbers,
}

/// `[heads, rows, columns]` in memory: the heads between rows and columns, the columns fastest.
fn interleaved(heads: usize, columns: usize) -> [usize; 3] {
    [columns, heads * columns, 1]
}

struct Case<T> {
    heads: [usize; 1],
    sizes: [usize; 4],
    causal: bool,
    hiding: Hiding,
    query: Vec<T>,
    key: Vec<T>,
    value: Vec<T>,
    grad: Vec<T>,
    allowed: Vec<u8>,
    added: Vec<T>,
}

/// The output, the gradients and the record.
type Outcome<T> = [Vec<T>; 6];

impl<T: AttentionElement + Into<f64>> Case<T> {
    fn new(heads: usize, sizes: [usize; 4], causal: bool, hiding: Hiding) -> Self {
        let [queries, keys, width, value_width] = sizes;
        let mut random = Random(sizes.iter().sum::<usize>() as u64);
        let allowed = (0..queries * keys).map(|i| u8::from(random.next() > -0.4 && (i / keys + 1 < queries))).collect();
        let mut added = random.list::<T>(heads * queries * keys);
        added.iter_mut().step_by(5).for_each(|number| *number = T::nearest(f64::NEG_INFINITY));
        Self {
            heads: [heads],
            sizes,
            causal,
            hiding,
            query: random.list(heads * queries * width),
            key: random.list(heads * keys * width),
            value: random.list(heads * keys * value_width),
            grad: random.list(heads * queries * value_width),
            allowed,
            added,
        }
    }

    fn attention(&self) -> Attention<'_> {
        let [queries, keys, width, value_width] = self.sizes;
        Attention { heads: &self.heads, queries, keys, width, value_width, scale: 0.7, causal: self.causal }
    }

    fn mask(&self) -> Mask<'_, T> {
        match self.hiding {
            Hiding::Nothing => Mask::None,
            Hiding::Keys => Mask::Allowed(Operand { data: &self.allowed, offset: 0, strides: &[0, 0, 1] }),
            Hiding::Pairs => {
                Mask::Allowed(Operand { data: &self.allowed, offset: 0, strides: vec![0, self.sizes[1], 1].leak() })
            }
            Hiding::Numbers => {
                let [queries, keys, ..] = self.sizes;
                Mask::Added(Operand { data: &self.added, offset: 0, strides: vec![queries * keys, keys, 1].leak() })
            }
        }
    }

    fn run(&self) -> Outcome<T> {
        let (sizes, [heads], [queries, keys, width, value_width]) = (self.attention(), self.heads, self.sizes);
        let (narrow, wide) = (interleaved(heads, width), interleaved(heads, value_width));
        let operand = |data, strides| Operand { data, offset: 0, strides };
        let inputs = [operand(&self.query, &narrow), operand(&self.key, &narrow), operand(&self.value, &wide)];
        let list = |len| vec![T::nearest(f64::NAN); len];
        let [mut out, mut of_query] = [value_width, width].map(|columns| list(heads * queries * columns));
        let [mut of_key, mut of_value] = [width, value_width].map(|columns| list(heads * keys * columns));
        let (mut statistics, mut kept) = (list(sizes.statistics()), list(sizes.kept::<T>()));
        {
            let target = Target::new(&mut out, 0, &[heads, queries, value_width], &wide);
            let record = Record { statistics: &mut statistics, kept: &mut kept };
            sizes.forward(inputs, self.mask(), &target, Some(record));
        }
        {
            let targets = [
                &Target::new(&mut of_query, 0, &[heads, queries, width], &narrow),
                &Target::new(&mut of_key, 0, &[heads, keys, width], &narrow),
                &Target::new(&mut of_value, 0, &[heads, keys, value_width], &wide),
            ];
            let (out, grad) = (operand(&out, &wide), operand(&self.grad, &wide));
            sizes.backward(inputs, self.mask(), [out, grad], [&statistics, &kept], targets);
        }
        [out, of_query, of_key, of_value, statistics, kept]
    }

    fn head(&self, index: usize) -> Head {
        let heads = self.heads[0];
        let matrix = |data: &[T], rows: usize, columns: usize| -> Vec<Vec<f64>> {
            let element = |i: usize, j: usize| data[(i * heads + index) * columns + j].into();
            (0..rows).map(|i| (0..columns).map(|j| element(i, j)).collect()).collect()
        };
        let [queries, keys, width, value_width] = self.sizes;
        Head {
            query: matrix(&self.query, queries, width),
            key: matrix(&self.key, keys, width),
            value: matrix(&self.value, keys, value_width),
            grad: matrix(&self.grad, queries, value_width),
        }
    }

    fn check(&self, tolerance: f64) {
        let found = self.run();
        for head in 0..self.heads[0] {
            let expected = attend(&self.head(head), &self.attention(), head, &self.mask());
            for (what, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let largest = expected.iter().flatten().fold(1.0, |largest: f64, x| largest.max(x.abs()));
                for (i, row) in expected.iter().enumerate() {
                    for (j, &expected) in row.iter().enumerate() {
                        let found: f64 = found[(i * self.heads[0] + head) * row.len() + j].into();
                        let apart = (found - expected).abs();
                        let told = (self.heads, self.sizes, self.causal, self.hiding, what, i, j);
                        assert!(apart <= tolerance * largest, "{told:?}: {found} instead of {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn equals_the_formula() {
    let shapes = [
        (1, [1, 1, 1, 1]),
        (2, [3, 5, 7, 1]),
        (1, [64, 64, 32, 32]),
        (3, [65, 33, 7, 9]),
        (9, [1, 130, 32, 64]),
        (1, [150, 131, 64, 5]),
        (2, [5, 300, 1, 32]),
        (1, [130, 520, 3, 2]),
        (1, [2, 3, 130, 70]),
    ];
    for (heads, sizes) in shapes {
        for hiding in [Hiding::Nothing, Hiding::Keys, Hiding::Pairs, Hiding::Numbers] {
            for causal in [false, true] {
                Case::<f32>::new(heads, sizes, causal, hiding).check(2e-5);
                Case::<f64>::new(heads, sizes, causal, hiding).check(1e-12);
            }
        }
    }
}

#[test]
fn nothing_to_attend_to_gives_zeros() {
    for sizes in [[3, 0, 2, 4], [0, 3, 2, 4], [2, 3, 2, 0], [2, 2, 0, 3], [0, 0, 0, 0]] {
        for causal in [false, true] {
            Case::<f32>::new(2, sizes, causal, Hiding::Nothing).check(1e-6);
            Case::<f32>::new(0, sizes, causal, Hiding::Nothing).check(1e-6);
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for (heads, sizes) in [(1, [70, 1000, 8, 8]), (20, [64, 64, 32, 32]), (300, [5, 6, 4, 4])] {
        let case = Case::<f32>::new(heads, sizes, false, Hiding::Nothing);
        let bits = |outcome: Outcome<f32>| outcome.map(|list| list.into_iter().map(f32::to_bits).collect::<Vec<_>>());
        let [one, two, seven] = [1, 2, 7].map(|threads| bits(with_threads(threads, || case.run())));
        assert!(one[..4] == two[..4] && one[..4] == seven[..4], "{heads} heads of {sizes:?}");
    }
}

#[test]
fn scores_of_hundreds_do_not_overflow() {
    let mut case = Case::<f32>::new(2, [9, 300, 4, 4], false, Hiding::Numbers);
    case.query.iter_mut().for_each(|x| *x *= 300.0);
    case.check(2e-3);
}

#[test]
fn not_a_number_spreads_along_its_row_only() {
    let mut case = Case::<f32>::new(1, [3, 200, 2, 2], false, Hiding::Nothing);
    case.query[2] = f32::NAN;
    let out = &case.run()[0];
    assert!(out[2..4].iter().all(|x| x.is_nan()) && out[..2].iter().chain(&out[4..]).all(|x| x.is_finite()));
}

#[test]
#[should_panic(expected = "overlap")]
fn a_target_that_overlaps_itself_is_refused() {
    Target::new(&mut [0.0f32; 20], 0, &[2, 3, 4], &[4, 4, 1]);
}

#[test]
#[should_panic(expected = "reaches beyond its memory")]
fn a_target_that_is_too_large_is_refused() {
    Target::new(&mut [0.0f32; 23], 0, &[2, 3, 4], &[4, 8, 1]);
}

#[test]
#[should_panic(expected = "the shape of a target")]
fn a_target_of_another_shape_is_refused() {
    let case = Case::<f32>::new(1, [3, 2, 2, 2], false, Hiding::Nothing);
    let operand = |data| Operand { data, offset: 0, strides: &[4, 2, 1][..] };
    let inputs = [operand(&case.query), operand(&case.key), operand(&case.value)];
    case.attention().forward(inputs, Mask::None, &Target::new(&mut [0.0; 4], 0, &[1, 2, 2], &[4, 2, 1]), None);
}
