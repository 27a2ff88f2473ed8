//! Attention and its gradients: multiply-adds a second of the products by their definition, for the transformer block that
//! is measured, for heads of other sizes, and for long sequences.
//!
//! `cargo bench --bench attention -- block` picks by name; `JIMU_NUM_THREADS=1` measures one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jimu_kernels::attention::{Attention, Mask, Record, Target};
use jimu_kernels::strided::Operand;

/// Name, heads, steps, width, causal.
const CASES: &[(&str, usize, usize, usize, bool)] = &[
    ("block of 32x4 heads, 64 steps by 32", 128, 64, 32, false),
    ("block of 512x4 heads, 64 steps by 32", 2048, 64, 32, false),
    ("128 heads, 17 steps by 16", 128, 17, 16, false),
    ("12 heads, 197 steps by 64", 12, 197, 64, false),
    ("4 heads, 2048 steps by 64", 4, 2048, 64, false),
    ("4 heads, 2048 steps by 64, causal", 4, 2048, 64, true),
];

fn all(criterion: &mut Criterion) {
    for &(name, heads, steps, width, causal) in CASES {
        // As they come from a projection: [batch, steps, 3, 4 heads, width].
        let (batch, shape) = (heads / 4, [heads / 4, 4, steps, width]);
        let packed = [steps * 12 * width, width, 12 * width, 1];
        let strides = [steps * 4 * width, width, 4 * width, 1];
        let numbers = |parts: usize| -> Vec<f32> {
            (0..parts * 4 * batch * steps * width).map(|i| ((i * 7919) % 1000) as f32 / 250.0 - 2.0).collect()
        };
        let (projected, grad, mut out, mut gradient) = (numbers(3), numbers(1), numbers(1), numbers(3));
        let operand = |data| Operand { data, offset: 0, strides: &strides };
        let scale = 1.0 / (width as f64).sqrt();
        let attention =
            Attention { heads: &[batch, 4], queries: steps, keys: steps, width, value_width: width, scale, causal };
        let mut statistics = vec![0.0; attention.statistics()];
        let mut kept = vec![0.0; attention.kept::<f32>()];
        let inputs = [0, 1, 2].map(|part| Operand { data: &projected[..], offset: part * 4 * width, strides: &packed });
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements((2 * heads * steps * steps * width) as u64));
        group.bench_function("forward", |bencher| {
            let target = Target::new(&mut out, 0, &shape, &strides);
            bencher.iter(|| {
                let record = Record { statistics: &mut statistics, kept: &mut kept };
                attention.forward(inputs, Mask::None, &target, Some(record));
            });
        });
        group.throughput(Throughput::Elements((4 * heads * steps * steps * width) as u64));
        let (stacked, steps_apart) = ([3, batch, 4, steps, width], [4 * width, packed[0], width, packed[2], 1]);
        let targets = Target::new(&mut gradient, 0, &stacked, &steps_apart).unbind::<3>();
        group.bench_function("backward", |bencher| {
            bencher.iter(|| {
                let values = [operand(&out), operand(&grad)];
                attention.backward(inputs, Mask::None, values, [&statistics, &kept], targets.each_ref());
            });
        });
        group.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
