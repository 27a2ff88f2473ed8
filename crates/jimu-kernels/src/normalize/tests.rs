//! Every kernel against the formula, one element at a time in `f64`.

use super::*;

const SLABS: [(usize, usize, usize); 10] = [
    (3, 4, 20),
    (2, 3, 5000),
    (1, 6, 9000),
    (5, 2, 1),
    (300, 70, 1),
    (130, 3, 4),
    (1, 1, 1),
    (1, 5, 16),
    (64, 10, 49),
    (700, 129, 3),
];

fn data(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919 + seed * 104_729) % 1000) as f32 / 250.0 + 3.0).collect()
}

fn slab_of(slabs: Slabs, at: usize) -> usize {
    at / slabs.inner % slabs.count
}

fn assert_close(got: &[f32], want: &[f64], what: &str) {
    let size = want.iter().fold(1.0f64, |size, want| size.max(want.abs()));
    for (at, (&got, &want)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(got) - want).abs() <= 2e-5 * size, "{what}: {got} instead of {want} at {at}");
    }
}

/// Σ of `term` over each slab.
fn sums(slabs: Slabs, term: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; slabs.count];
    (0..slabs.len()).for_each(|at| sums[slab_of(slabs, at)] += term(slab_of(slabs, at), at));
    sums
}

#[test]
fn moments_and_gradient_sums_of_slabs() {
    for (outer, count, inner) in SLABS {
        let slabs = Slabs { outer, count, inner };
        let (x, grad) = (data(slabs.len(), 1), data(slabs.len(), 2));
        let [mut mean, mut variance, mut sum, mut product] = [(); 4].map(|()| vec![f32::NAN; count]);
        moments(&x, slabs, &mut mean, &mut variance);
        gradient_sums([&grad, &x], slabs, &mean, None, &mut sum, &mut product);
        let each = slabs.each() as f64;
        let exact: Vec<f64> = sums(slabs, |_, at| f64::from(x[at])).iter().map(|sum| sum / each).collect();
        assert_close(&mean, &exact, "mean");
        let squares = sums(slabs, |slab, at| (f64::from(x[at]) - exact[slab]).powi(2) / each);
        assert_close(&variance, &squares, "variance");
        assert_close(&sum, &sums(slabs, |_, at| f64::from(grad[at])), "sum");
        let products = sums(slabs, |slab, at| f64::from(grad[at]) * (f64::from(x[at]) - f64::from(mean[slab])));
        let scale = (1.0 / each) as f32;
        let product: Vec<f32> = product.iter().map(|product| product * scale).collect();
        assert_close(&product, &products.iter().map(|product| product / each).collect::<Vec<_>>(), "product");
    }
}

#[test]
fn affine_and_gradient_of_slabs() {
    for (outer, count, inner) in SLABS {
        let slabs = Slabs { outer, count, inner };
        let (x, grad) = (data(slabs.len(), 1), data(slabs.len(), 2));
        let numbers: [Vec<f32>; 4] = std::array::from_fn(|seed| data(count, seed + 3));
        let [a, b, c, d] = numbers.each_ref().map(Vec::as_slice);
        let [mut y, mut z] = [(); 2].map(|()| vec![f32::NAN; slabs.len()]);
        affine(&x, slabs, [a, b, c], false, &mut y);
        gradient([&grad, &x], slabs, [a, b, c, d], None, &mut z);
        for at in 0..slabs.len() {
            let slab = slab_of(slabs, at);
            let want = (x[at] - a[slab]) * b[slab] + c[slab];
            assert!((y[at] - want).abs() < 1e-4, "{slabs:?} {at}");
            let want = grad[at] * a[slab] + ((x[at] - b[slab]) * c[slab] + d[slab]);
            assert!((z[at] - want).abs() < 1e-3, "{slabs:?} {at}");
        }
    }
}

#[test]
fn relu_in_the_same_pass_gives_the_bits_of_relu_after_it() {
    for (outer, count, inner) in SLABS {
        let slabs = Slabs { outer, count, inner };
        let (x, grad) = (data(slabs.len(), 1), data(slabs.len(), 2));
        let [a, b, c, center, scale, shift] = std::array::from_fn(|seed| data(count, seed + 3));
        let shift: Vec<f32> = shift.iter().map(|shift| shift - 5.0).collect();
        let gate = Some([scale.as_slice(), &shift]);
        let [mut y, mut rectified] = [(); 2].map(|()| vec![f32::NAN; slabs.len()]);
        affine(&x, slabs, [&center, &scale, &shift], false, &mut y);
        affine(&x, slabs, [&center, &scale, &shift], true, &mut rectified);
        assert!(y.iter().zip(&rectified).all(|(y, rectified)| y.max(0.0) == *rectified), "{slabs:?}");
        let passed: Vec<f32> = grad.iter().zip(&y).map(|(&grad, &y)| if y > 0.0 { grad } else { 0.0 }).collect();
        let results = [(&passed, None), (&grad, gate)].map(|(grad, gate)| {
            let [mut sum, mut product] = [(); 2].map(|()| vec![f32::NAN; count]);
            gradient_sums([grad, &x], slabs, &center, gate, &mut sum, &mut product);
            let mut out = vec![f32::NAN; slabs.len()];
            gradient([grad, &x], slabs, [&a, &center, &b, &c], gate, &mut out);
            ([sum, product], out)
        });
        let [(exact_sums, exact), (sums, out)] = results;
        assert_eq!(exact, out, "{slabs:?}");
        for (exact, sums) in exact_sums.iter().zip(&sums) {
            assert_close(sums, &exact.iter().map(|&sum| f64::from(sum)).collect::<Vec<_>>(), "sum through relu");
        }
    }
    let (slabs, mut y) = (Slabs { outer: 1, count: 1, inner: 1 }, [0.0]);
    affine(&[f32::NAN], slabs, [&[0.0], &[1.0], &[0.0]], true, &mut y);
    assert!(y[0].is_nan());
}

#[test]
fn a_large_mean_does_not_swallow_the_variance() {
    for (outer, count, inner) in [(4, 1, 5000), (20_000, 1, 1)] {
        let slabs = Slabs { outer, count, inner };
        let x: Vec<f32> = (0..slabs.len()).map(|at| 10_000.0 + (at % 2) as f32).collect();
        let (mut mean, mut variance) = ([0.0], [0.0]);
        moments(&x, slabs, &mut mean, &mut variance);
        assert!((variance[0] - 0.25).abs() < 1e-3 && (mean[0] - 10_000.5).abs() < 0.01, "{slabs:?} {variance:?}");
    }
}

#[test]
fn rows_equal_the_formula() {
    for (count, len) in [(3, 5), (1, 1), (700, 130), (2, 20_000), (1000, 3)] {
        for centred in [true, false] {
            let (x, grad) = (data(count * len, 1), data(count * len, 2));
            let (weight, bias) = (data(len, 3), data(len, 4));
            let [mut center, mut scale] = [(); 2].map(|()| vec![f32::NAN; count]);
            let [mut y, mut of_x] = [(); 2].map(|()| vec![f32::NAN; count * len]);
            let [mut of_weight, mut of_bias] = [(); 2].map(|()| vec![f32::NAN; len]);
            rows(&x, [&weight, &bias], centred, 0.1, [&mut center, &mut scale], &mut y);
            row_gradients([&grad, &x], &weight, centred, [&center, &scale], &mut of_x);
            row_weight_gradients([&grad, &x], [&center, &scale], &mut of_weight, &mut of_bias);
            let (mut weights, mut biases) = (vec![0.0; len], vec![0.0; len]);
            for row in 0..count {
                let range = row * len..(row + 1) * len;
                let x: Vec<f64> = x[range.clone()].iter().map(|&x| f64::from(x)).collect();
                let grad: Vec<f64> = grad[range.clone()].iter().map(|&grad| f64::from(grad)).collect();
                let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / len as f64;
                let center = if centred { mean(&mut x.iter().copied()) } else { 0.0 };
                let scale = (mean(&mut x.iter().map(|x| (x - center).powi(2))) + 0.1).sqrt().recip();
                let hat: Vec<f64> = x.iter().map(|x| (x - center) * scale).collect();
                let u: Vec<f64> = grad.iter().zip(&weight).map(|(grad, &weight)| grad * f64::from(weight)).collect();
                let shift = if centred { mean(&mut u.iter().copied()) } else { 0.0 };
                let slope = mean(&mut u.iter().zip(&hat).map(|(u, hat)| u * hat));
                let value = |column: usize| hat[column] * f64::from(weight[column]) + f64::from(bias[column]);
                assert_close(&y[range.clone()], &(0..len).map(value).collect::<Vec<_>>(), "value");
                let gradient = |column: usize| scale * (u[column] - shift - hat[column] * slope);
                assert_close(&of_x[range], &(0..len).map(gradient).collect::<Vec<_>>(), "gradient");
                (0..len).for_each(|column| {
                    weights[column] += grad[column] * hat[column];
                    biases[column] += grad[column];
                });
            }
            assert_close(&of_weight, &weights, "weight");
            assert_close(&of_bias, &biases, "bias");
        }
    }
}

#[test]
fn nothing_to_normalise() {
    let slabs = Slabs { outer: 0, count: 3, inner: 20 };
    let (mut mean, mut variance) = ([0.0f32; 3], [0.0; 3]);
    moments(&[], slabs, &mut mean, &mut variance);
    assert!(mean.iter().all(|mean| mean.is_nan()));
    affine(&[], slabs, [&[0.0f32; 3]; 3], false, &mut []);
    rows::<f32>(&[], [&[], &[]], true, 0.0, [&mut [0.0; 2], &mut [0.0; 2]], &mut []);
}
