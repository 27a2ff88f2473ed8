//! Softmax, its logarithm, their gradients, and the cross-entropy: numbers a second, for the shapes of attention, of a small
//! and of a large classifier, and of a classifier of pixels.
//!
//! `cargo bench --bench softmax -- attention` picks by name; `JIMU_NUM_THREADS=1` measures one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jimu_kernels::cross_entropy;
use jimu_kernels::softmax::{self, Geometry};

const CASES: &[(&str, Geometry)] = &[
    ("attention of 32x4x64 by 64", Geometry { outer: 8192, len: 64, inner: 1 }),
    ("512 samples of 10 classes", Geometry { outer: 512, len: 10, inner: 1 }),
    ("128 samples of 1000 classes", Geometry { outer: 128, len: 1000, inner: 1 }),
    ("8 images of 21 classes by 64x64", Geometry { outer: 8, len: 21, inner: 4096 }),
];

fn all(criterion: &mut Criterion) {
    for &(name, geometry) in CASES {
        let Geometry { outer, len, inner } = geometry;
        let numbers = || -> Vec<f32> { (0..outer * len * inner).map(|i| (i * 7919 % 1000) as f32 / 100.0).collect() };
        let (x, grad, mut out) = (numbers(), numbers(), numbers());
        let mut y = numbers();
        softmax::softmax(&x, &mut y, geometry);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(x.len() as u64));
        group.bench_function("softmax", |bencher| bencher.iter(|| softmax::softmax(&x, &mut out, geometry)));
        group.bench_function("log_softmax", |bencher| bencher.iter(|| softmax::log_softmax(&x, &mut out, geometry)));
        group.bench_function("softmax_backward", |bencher| {
            bencher.iter(|| softmax::softmax_backward(&grad, &y, &mut out, geometry));
        });
        group.bench_function("log_softmax_backward", |bencher| {
            bencher.iter(|| softmax::log_softmax_backward(&grad, &y, &mut out, geometry));
        });
        let samples = outer * inner;
        let classes: Vec<i64> = (0..samples).map(|sample| (sample % len) as i64).collect();
        let [mut max, mut logs, mut losses] = [(); 3].map(|()| vec![0.0; samples]);
        let scales = vec![1.0 / samples as f32; samples];
        group.bench_function("cross_entropy", |bencher| {
            bencher.iter(|| {
                cross_entropy::log_sums(&x, &mut max, &mut logs, geometry);
                cross_entropy::losses(&x, (&max, &logs), &classes, -100, &mut losses, geometry);
            });
        });
        group.bench_function("cross_entropy_backward", |bencher| {
            bencher.iter(|| cross_entropy::gradient(&x, (&max, &logs), &classes, &scales, &mut out, geometry));
        });
        group.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
