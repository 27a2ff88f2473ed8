//! Convolutions and pooling of the networks that people learn with: arithmetic (billions of multiply-adds a second, those
//! on the padding included) of each function on each path that suits the geometry.
//!
//! `cargo bench --bench conv -- conv2` picks by name; `JIMU_NUM_THREADS=1` measures one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::{self, Activation, Geometry, Layout, Path};
use jimu_kernels::pool2d;

/// Name, batch, input and output channels, side of the image and of the kernel, stride, padding.
type Case = (&'static str, usize, [usize; 2], usize, usize, usize, usize);

/// Cases of this name have a group for each channel.
const DEPTHWISE: &str = "depthwise";

const CASES: &[Case] = &[
    ("lenet conv1", 64, [1, 6], 28, 5, 1, 2),
    ("lenet conv2", 64, [6, 16], 14, 5, 1, 0),
    ("lenet conv1", 512, [1, 6], 28, 5, 1, 2),
    ("lenet conv2", 512, [6, 16], 14, 5, 1, 0),
    ("lenet conv1", 1, [1, 6], 28, 5, 1, 2),
    ("lenet conv2", 1, [6, 16], 14, 5, 1, 0),
    ("first of vgg", 64, [3, 64], 32, 3, 1, 1),
    ("3x3 64 to 128", 64, [64, 128], 32, 3, 1, 1),
    ("3x3 by 2", 64, [64, 128], 32, 3, 2, 1),
    ("3x3 256", 64, [256, 256], 8, 3, 1, 1),
    ("3x3 512", 64, [512, 512], 4, 3, 1, 1),
    (DEPTHWISE, 4, [32, 32], 112, 3, 1, 1),
    (DEPTHWISE, 4, [64, 64], 112, 3, 2, 1),
    (DEPTHWISE, 4, [512, 512], 14, 3, 1, 1),
    ("1x1", 64, [256, 128], 16, 1, 1, 0),
];

/// Of the paths other than the planned one, only those that are near it are worth the time.
fn paths(geometry: &Geometry) -> Vec<Path> {
    let planned = conv2d::plan(geometry);
    let mut paths = vec![planned];
    let is_small = geometry.in_channels * geometry.out_channels <= 1024 && geometry.groups == 1;
    let direct = [Path::BatchInnermost, Path::ChannelsInnermost, Path::Direct, Path::Gemm];
    paths.extend(direct.into_iter().filter(|&path| is_small && path != planned));
    paths.extend(conv2d::suits_planes(geometry).then_some(Path::ChannelsFromPlanes));
    // What the transforms bring.
    paths.extend((planned == Path::Winograd).then_some(Path::ChannelsInnermost));
    paths
}

fn filled(len: usize) -> Buffer<f32> {
    let mut buffer = Buffer::unspecified(len);
    for (index, value) in buffer.iter_mut().enumerate() {
        *value = (index % 7) as f32 - 3.0;
    }
    buffer
}

fn convolutions(criterion: &mut Criterion) {
    for &(name, batch, channels, side, kernel, stride, padding) in CASES {
        let geometry = Geometry {
            batch,
            in_channels: channels[0],
            out_channels: channels[1],
            groups: if name == DEPTHWISE { channels[0] } else { 1 },
            input: [side; 2],
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [[padding; 2]; 2],
            dilation: [1; 2],
        };
        let [x, weight, grad_y] = [geometry.input_len(), geometry.weight_len(), geometry.output_len()].map(filled);
        let bias = filled(geometry.out_channels);
        let (mut grad_x, mut grad_weight, mut y) = (x.clone(), weight.clone(), grad_y.clone());
        let mut group = criterion.benchmark_group(format!("{name} {side}, batch {batch}"));
        group.throughput(Throughput::Elements(geometry.multiply_adds() as u64));
        for path in paths(&geometry) {
            let label = |function: &str| format!("{function}/{path:?}");
            group.bench_function(label("forward"), |bencher| {
                bencher.iter(|| {
                    conv2d::forward(&geometry, path, &x, &weight, Some(&bias), Activation::Relu, &mut y);
                });
            });
            group.bench_function(label("backward_input"), |bencher| {
                bencher.iter(|| conv2d::backward_input(&geometry, path, &grad_y, &weight, &mut grad_x));
            });
            group.bench_function(label("backward_weight"), |bencher| {
                bencher.iter(|| conv2d::backward_weight(&geometry, path, &x, &grad_y, &mut grad_weight));
            });
        }
        group.finish();
    }
}

fn pools(criterion: &mut Criterion) {
    for (batch, channels, side) in [(64, 6, 28), (64, 16, 10), (512, 6, 28), (512, 16, 10)] {
        let geometry = pool2d::Geometry {
            batch,
            channels,
            input: [side; 2],
            output: [side / 2; 2],
            kernel: [2; 2],
            stride: [2; 2],
            padding: [0; 2],
            dilation: [1; 2],
        };
        let x = filled(geometry.input_len());
        let (mut grad_x, mut y) = (x.clone(), filled(geometry.output_len()));
        let mut taps = Buffer::<u32>::zeroed(geometry.output_len());
        let mut group = criterion.benchmark_group(format!("max pool 2x2 of {batch}x{channels}x{side}x{side}"));
        group.throughput(Throughput::Elements(geometry.input_len() as u64));
        for layout in [Layout::Chwn, Layout::Nchw] {
            group.bench_function(format!("forward/{layout:?}"), |bencher| {
                bencher.iter(|| pool2d::max_forward(&geometry, layout, Activation::Identity, &x, &mut y, &mut taps));
            });
            group.bench_function(format!("backward/{layout:?}"), |bencher| {
                bencher.iter(|| pool2d::max_backward(&geometry, layout, &y, &taps, &mut grad_x));
            });
        }
        group.finish();
    }
}

fn all(criterion: &mut Criterion) {
    convolutions(criterion);
    pools(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
