//! Steps of optimisers: bytes a second, those read and those written, over the parameters of a small and of a large network.
//!
//! The rules are gradient descent with momentum and Adam, as the library's optimisers hand them to the kernel.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jimu_kernels::optimizer::{self, Part, Real, Update};

/// Gradient descent with momentum.
#[derive(Clone, Copy)]
struct Momentum;

impl Update for Momentum {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [Some(velocity), ..] = part.state else { panic!("one array of state") };
        let (rate, momentum) = (T::of(0.01), T::of(0.9));
        for ((value, &gradient), velocity) in part.values.iter_mut().zip(part.gradient).zip(velocity) {
            *velocity = momentum * *velocity + gradient;
            *value = *value - rate * *velocity;
        }
    }
}

/// Adam without its corrections, which are two numbers a step.
#[derive(Clone, Copy)]
struct Adam;

impl Update for Adam {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [Some(mean), Some(square), _] = part.state else { panic!("two arrays of state") };
        let (rate, first, second, least) = (T::of(1e-3), T::of(0.9), T::of(0.999), T::of(1e-8));
        let moments = mean.iter_mut().zip(square);
        for ((value, &gradient), (mean, square)) in part.values.iter_mut().zip(part.gradient).zip(moments) {
            *mean = first * *mean + (T::one() - first) * gradient;
            *square = second * *square + (T::one() - second) * gradient * gradient;
            *value = *value - rate * *mean / (square.sqrt() + least);
        }
    }
}

/// The parameters of LeNet-5, and of ResNet-9's convolutions.
const NETWORKS: &[(&str, &[usize])] = &[
    ("LeNet-5", &[150, 6, 2400, 16, 48_000, 120, 10_080, 84, 840, 10]),
    ("ResNet-9", &[1728, 73_728, 147_456, 147_456, 294_912, 1_179_648, 2_359_296, 2_359_296]),
];

fn step(criterion: &mut Criterion, network: &str, sizes: &[usize], name: &str, states: usize, rule: impl Update) {
    let arrays = |fill: f32| -> Vec<Vec<f32>> { sizes.iter().map(|&size| vec![fill; size]).collect() };
    let (mut values, gradients) = (arrays(1.0), arrays(1e-3));
    let [mut first, mut second] = [(); 2].map(|()| arrays(0.0));
    let mut group = criterion.benchmark_group(format!("{name}, {network}"));
    // Values and state are read and written, the gradient is read.
    let bytes = sizes.iter().sum::<usize>() * size_of::<f32>() * (3 + 2 * states);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("step", |bencher| {
        bencher.iter(|| {
            let state = first.iter_mut().zip(&mut second);
            let parts = values.iter_mut().zip(&gradients).zip(state).map(|((values, gradient), (first, second))| {
                let state = [Some(&mut **first), (states > 1).then_some(&mut **second), None];
                (Part { values, gradient, state }, rule)
            });
            optimizer::update(parts);
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    for (network, sizes) in NETWORKS {
        step(criterion, network, sizes, "momentum", 1, Momentum);
        step(criterion, network, sizes, "Adam", 2, Adam);
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
