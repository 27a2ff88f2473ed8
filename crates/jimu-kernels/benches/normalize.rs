//! Batch and layer normalisation, forward and backward: numbers a second, beside a copy of their input.
//!
//! `cargo bench --bench normalize -- "channels last"` picks by name; `JIMU_NUM_THREADS=1` measures one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jimu_kernels::normalize::{self, Slabs};
use jimu_kernels::strided;

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919) % 1000) as f32 / 100.0).collect()
}

fn slabs(criterion: &mut Criterion, name: &str, slabs: Slabs) {
    let (x, grad) = (numbers(slabs.len()), numbers(slabs.len()));
    let mut out = vec![0.0; slabs.len()];
    let [mut mean, mut variance, mut sum, mut product] = [(); 4].map(|()| vec![0.0; slabs.count]);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(x.len() as u64));
    group.bench_function("copy", |bencher| bencher.iter(|| strided::copy(&x, 0, &[1], &[x.len()], &mut out)));
    group.bench_function("forward", |bencher| {
        bencher.iter(|| {
            normalize::moments(&x, slabs, &mut mean, &mut variance);
            normalize::affine(&x, slabs, [&mean, &variance, &mean], false, &mut out);
        });
    });
    for (name, relu) in [("backward", false), ("backward through relu", true)] {
        let (scale, shift) = (variance.clone(), mean.clone());
        let gate = relu.then_some([scale.as_slice(), &shift]);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                normalize::gradient_sums([&grad, &x], slabs, &mean, gate, &mut sum, &mut product);
                normalize::gradient([&grad, &x], slabs, [&sum, &mean, &product, &sum], gate, &mut out);
            });
        });
    }
    group.finish();
}

fn rows(criterion: &mut Criterion, count: usize, len: usize) {
    let (x, grad, weight) = (numbers(count * len), numbers(count * len), numbers(len));
    let mut out = vec![0.0; count * len];
    let [mut center, mut scale] = [(); 2].map(|()| vec![0.0; count]);
    let [mut of_weight, mut of_bias] = [(); 2].map(|()| vec![0.0; len]);
    let mut group = criterion.benchmark_group(format!("{count} rows of {len}"));
    group.throughput(Throughput::Elements(x.len() as u64));
    group.bench_function("forward", |bencher| {
        bencher.iter(|| normalize::rows(&x, [&weight, &weight], true, 1e-5, [&mut center, &mut scale], &mut out));
    });
    group.bench_function("backward", |bencher| {
        bencher.iter(|| {
            normalize::row_gradients([&grad, &x], &weight, true, [&center, &scale], &mut out);
            normalize::row_weight_gradients([&grad, &x], [&center, &scale], &mut of_weight, &mut of_bias);
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    slabs(criterion, "64 images of 64x32x32, plain", Slabs { outer: 64, count: 64, inner: 1024 });
    slabs(criterion, "64 images of 64x32x32, batch innermost", Slabs { outer: 1, count: 64, inner: 65_536 });
    slabs(criterion, "64 images of 64x32x32, channels last", Slabs { outer: 65_536, count: 64, inner: 1 });
    slabs(criterion, "64 images of 512x4x4, plain", Slabs { outer: 64, count: 512, inner: 16 });
    rows(criterion, 4096, 512);
}

criterion_group!(benches, all);
criterion_main!(benches);
