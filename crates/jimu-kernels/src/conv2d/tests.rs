//! Every path against the naive twin, over fixed and random geometries.

use super::*;
use crate::threads::tests::with_threads;

/// A small generator of fixed seed (xorshift64*), so that a failure repeats.
pub(super) struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.next() as usize % (high - low + 1)
    }

    /// Values in [-1, 1).
    fn values(&mut self, len: usize) -> Vec<f64> {
        (0..len)
            .map(|_| f64::from(self.next() as u32) / f64::from(1u32 << 31) - 1.0)
            .map(|v| f64::from(v as f32))
            .collect()
    }

    fn geometry(&mut self) -> Geometry {
        let groups = [1, 1, 1, 2, 3][self.between(0, 4)];
        let mut pair = |low, high| [self.between(low, high), self.between(low, high)];
        let (kernel, stride, dilation, input) = (pair(1, 5), pair(1, 3), pair(1, 3), pair(1, 13));
        let padding = [pair(0, 4), pair(0, 4)];
        let [in_channels, out_channels] = pair(1, 7).map(|channels| channels * groups);
        let batch = [0, 1, 2, 7, 8, 9, 15, 16, 17, 33, 64, 70][self.between(0, 11)];
        Geometry { batch, in_channels, out_channels, groups, input, kernel, stride, padding, dilation }
    }
}

const PATHS: [Path; 3] = [Path::BatchInnermost, Path::Gemm, Path::Direct];

/// The number types, each with the error that a product of its rounding errors may reach.
trait Number: ConvElement {
    const TOLERANCE: f64;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
}
impl Number for f32 {
    const TOLERANCE: f64 = 1e-6;
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}
impl Number for f64 {
    const TOLERANCE: f64 = 1e-14;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
}

fn cast<T: Number>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::from_f64(value)).collect()
}

/// `terms` is the number of products in a sum: its rounding errors add up.
fn assert_close<T: Number>(what: &str, geometry: &Geometry, path: Path, got: &[T], expected: &[f64], terms: usize) {
    assert_eq!(got.len(), expected.len());
    // The transforms multiply and divide by up to 24, and their rounding errors with them.
    let transforms = if matches!(path, Path::Winograd | Path::WinogradRows) { 8.0 } else { 1.0 };
    let tolerance = transforms * T::TOLERANCE * (terms as f64 + 4.0);
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (got.to_f64() - expected).abs();
        assert!(error <= tolerance, "{what}[{index}] by {path:?} is {got:?}, not {expected}: {geometry:?}");
    }
}

/// The images in the second layout, which lie in the first.
fn laid_out(x: &[f64], geometry: &Geometry, [from, to]: [Layout; 2]) -> Vec<f64> {
    let &Geometry { batch, in_channels, input: [height, width], .. } = geometry;
    let mut moved = vec![f64::NAN; x.len()];
    for index in 0..x.len() {
        let (pixel, row) = (index % (height * width), index / (height * width));
        let place = [row / in_channels, row % in_channels, pixel / width, pixel % width];
        let position = |layout: Layout| layout.position([batch, in_channels, height, width], place);
        moved[position(to)] = x[position(from)];
    }
    moved
}

/// Runs all four functions on a path; outputs start as garbage, so that every element must be written.
fn check<T: Number>(geometry: &Geometry, path: Path, seed: u64) {
    let mut numbers = Numbers(seed * 2 + 1);
    let layout = path.layout();
    let x = numbers.values(geometry.input_len());
    let weight = numbers.values(geometry.weight_len());
    let bias = numbers.values(geometry.out_channels);
    let grad_y = numbers.values(geometry.output_len());
    let garbage = |len: usize| vec![T::from_f64(f64::NAN); len];
    let outputs = geometry.batch * geometry.output().iter().product::<usize>();

    for (bias, activation) in [(Some(&bias[..]), Activation::Relu), (None, Activation::Identity)] {
        let mut expected = vec![0.0; geometry.output_len()];
        naive::forward(geometry, layout, &x, &weight, bias, activation, &mut expected);
        let mut y = garbage(expected.len());
        let bias = bias.map(cast::<T>);
        let x = laid_out(&x, geometry, [layout, path.reads()]);
        forward(geometry, path, &cast(&x), &cast(&weight), bias.as_deref(), activation, &mut y);
        assert_close("y", geometry, path, &y, &expected, geometry.taps());
    }

    let mut expected = vec![0.0; geometry.input_len()];
    naive::backward_input(geometry, layout, &grad_y, &weight, &mut expected);
    let mut grad_x = garbage(expected.len());
    backward_input(geometry, path, &cast(&grad_y), &cast(&weight), &mut grad_x);
    let terms = geometry.group_outputs() * geometry.kernel[0] * geometry.kernel[1];
    assert_close("grad_x", geometry, path, &grad_x, &expected, terms);

    let mut expected = vec![0.0; geometry.weight_len()];
    naive::backward_weight(geometry, layout, &x, &grad_y, &mut expected);
    let mut grad_weight = garbage(expected.len());
    backward_weight(geometry, path, &cast(&x), &cast(&grad_y), &mut grad_weight);
    assert_close("grad_weight", geometry, path, &grad_weight, &expected, outputs);

    let mut expected = vec![0.0; geometry.out_channels];
    naive::backward_bias(geometry, layout, &grad_y, &mut expected);
    let mut grad_bias = garbage(expected.len());
    backward_bias(geometry, path, &cast(&grad_y), &mut grad_bias);
    assert_close("grad_bias", geometry, path, &grad_bias, &expected, outputs);
}

#[test]
fn random_geometries_equal_the_naive_twin() {
    let mut numbers = Numbers(7);
    for seed in 0..120 {
        let geometry = numbers.geometry();
        for path in PATHS {
            check::<f32>(&geometry, path, seed);
            check::<f64>(&geometry, path, seed);
        }
    }
}

/// A geometry that Winograd's transforms exist for.
fn winograd_geometry(numbers: &mut Numbers) -> Geometry {
    let padding = [[numbers.between(0, 2), numbers.between(0, 2)], [numbers.between(0, 2), numbers.between(0, 2)]];
    let input = [numbers.between(3, 13), numbers.between(3, 13)];
    let [in_channels, out_channels] = [0, 1].map(|_| [1, 3, 8, 15, 16, 17, 40, 70, 130][numbers.between(0, 8)]);
    let kernel = [3, 3];
    let batch = numbers.between(0, 9);
    Geometry { batch, in_channels, out_channels, groups: 1, input, kernel, stride: [1; 2], padding, dilation: [1; 2] }
}

#[test]
fn winograd_equals_the_naive_twin() {
    let mut numbers = Numbers(5);
    for seed in 0..40 {
        let geometry = winograd_geometry(&mut numbers);
        check::<f32>(&geometry, Path::Winograd, seed);
        check::<f64>(&geometry, Path::Winograd, seed);
    }
    // Many tiles: several tasks, and several chunks in the gradient of the weight.
    check::<f32>(&square(20, [33, 65], 17, 3, 1), Path::Winograd, 1);
    check::<f32>(&square(200, [24, 24], 2, 3, 1), Path::Winograd, 1);
}

#[test]
fn winograd_along_the_rows_equals_the_naive_twin() {
    let mut numbers = Numbers(13);
    for seed in 0..80 {
        let mut geometry = Geometry { groups: 1, stride: [1; 2], dilation: [1; 2], ..numbers.geometry() };
        geometry.kernel[1] = if seed % 4 == 0 { 3 } else { 5 };
        geometry.batch = [1, 7, 8, 33, 64, 70][numbers.between(0, 5)];
        if seed % 3 == 0 {
            geometry.out_channels = numbers.between(7, 20);
        }
        check::<f32>(&geometry, Path::WinogradRows, seed);
        check::<f64>(&geometry, Path::WinogradRows, seed);
    }
}

#[test]
fn channels_innermost_equals_the_naive_twin() {
    let mut numbers = Numbers(9);
    for seed in 0..100 {
        let mut geometry = Geometry { groups: 1, ..numbers.geometry() };
        if seed % 4 == 0 {
            geometry.out_channels = 16 * numbers.between(1, 9);
        }
        check::<f32>(&geometry, Path::ChannelsInnermost, seed);
        check::<f64>(&geometry, Path::ChannelsInnermost, seed);
        geometry.stride[1] = 1;
        check::<f32>(&geometry, Path::ChannelsFromPlanes, seed);
        check::<f64>(&geometry, Path::ChannelsFromPlanes, seed);
    }
    check::<f32>(&Geometry { stride: [2; 2], ..square(3, [33, 130], 16, 3, 1) }, Path::ChannelsInnermost, 1);
}

fn square(batch: usize, channels: [usize; 2], input: usize, kernel: usize, padding: usize) -> Geometry {
    Geometry {
        batch,
        in_channels: channels[0],
        out_channels: channels[1],
        groups: 1,
        input: [input; 2],
        kernel: [kernel; 2],
        stride: [1; 2],
        padding: [[padding; 2]; 2],
        dilation: [1; 2],
    }
}

#[test]
fn workloads_equal_the_naive_twin() {
    let lenet = [square(64, [1, 6], 28, 5, 2), square(67, [6, 16], 14, 5, 0)];
    let resnet = [square(2, [40, 70], 17, 3, 1), Geometry { stride: [2; 2], ..square(3, [33, 65], 16, 3, 1) }];
    let pointwise = square(3, [50, 30], 9, 1, 0);
    for geometry in lenet.into_iter().chain(resnet).chain([pointwise]) {
        let rows = is_winograd_rows(&geometry).then_some(Path::WinogradRows);
        for path in PATHS.into_iter().chain(rows) {
            check::<f32>(&geometry, path, 1);
        }
    }
}

/// Rows of 3 and 5 taps with whole vectors of images, for which the weight's gradient has a kernel of its own.
#[test]
fn rows_of_taps_with_whole_vectors_of_images_equal_the_naive_twin() {
    let mut numbers = Numbers(23);
    for seed in 0..60 {
        let taps = [3, 5][numbers.between(0, 1)];
        let geometry = Geometry {
            batch: 16 * (numbers.between(1, 5)),
            in_channels: numbers.between(1, 3),
            out_channels: numbers.between(1, 9),
            groups: 1,
            input: [numbers.between(1, 9), numbers.between(1, 14)],
            kernel: [numbers.between(1, 4), taps],
            stride: [numbers.between(1, 2), 1],
            padding: [
                [numbers.between(0, 3), numbers.between(0, 3)],
                [numbers.between(0, taps - 1), numbers.between(0, taps + 1)],
            ],
            dilation: [numbers.between(1, 2), 1],
        };
        let groups = numbers.between(1, 3);
        let grouped = Geometry {
            groups,
            in_channels: geometry.in_channels * groups,
            out_channels: geometry.out_channels * groups,
            ..geometry
        };
        check::<f32>(&grouped, Path::BatchInnermost, seed);
        check::<f64>(&grouped, Path::BatchInnermost, seed);
        if is_winograd_rows(&geometry) {
            check::<f32>(&geometry, Path::WinogradRows, seed);
        }
    }
}

/// The operations one after the other: `y`, its taps and the gradients of weight and bias.
fn pooled_step_by_step<T: Number>(
    geometry: &Geometry,
    path: Path,
    [x, weight, bias]: [&[T]; 3],
    grad_y: &[T],
) -> (Vec<T>, Vec<u32>, [Vec<T>; 2]) {
    let windows = pooling(geometry);
    let mut pixels = vec![T::from_f64(f64::NAN); geometry.output_len()];
    forward(geometry, path, x, weight, Some(bias), Activation::Identity, &mut pixels);
    let (mut y, mut taps) = (vec![T::from_f64(f64::NAN); windows.output_len()], vec![7; windows.output_len()]);
    crate::pool2d::max_forward(&windows, path.layout(), Activation::Relu, &pixels, &mut y, &mut taps);
    crate::pool2d::max_backward(&windows, path.layout(), grad_y, &taps, &mut pixels);
    let mut gradients = [weight, bias].map(|parameter| vec![T::from_f64(f64::NAN); parameter.len()]);
    backward_weight(geometry, path, &laid_out_as(x, geometry, path), &pixels, &mut gradients[0]);
    backward_bias(geometry, path, &pixels, &mut gradients[1]);
    (y, taps, gradients)
}

/// The images as the gradients of the path read them, which forward reads otherwise.
fn laid_out_as<T: Number>(x: &[T], geometry: &Geometry, path: Path) -> Vec<T> {
    let x: Vec<f64> = x.iter().map(|value| value.to_f64()).collect();
    cast(&laid_out(&x, geometry, [path.reads(), path.layout()]))
}

fn check_pooled<T: Number>(geometry: &Geometry, path: Path, seed: u64) {
    let mut numbers = Numbers(seed * 2 + 1);
    let mut values = |len| cast::<T>(&numbers.values(len));
    let (x, weight, bias) =
        (values(geometry.input_len()), values(geometry.weight_len()), values(geometry.out_channels));
    let grad_y = values(pooling(geometry).output_len());
    let (expected, expected_taps, [expected_weight, expected_bias]) =
        pooled_step_by_step(geometry, path, [&x, &weight, &bias], &grad_y);
    let (mut y, mut taps) = (vec![T::from_f64(f64::NAN); expected.len()], vec![7; expected.len()]);
    forward_pooled(geometry, path, &x, &weight, Some(&bias), &mut y, &mut taps);
    assert_eq!((&y, &taps), (&expected, &expected_taps), "{path:?} {geometry:?}");
    y.fill(T::from_f64(f64::NAN));
    forward_pooled(geometry, path, &x, &weight, Some(&bias), &mut y, &mut []);
    assert_eq!(y, expected, "without taps, {path:?} {geometry:?}");
    let x = laid_out_as(&x, geometry, path);
    let mut grad_weight = vec![T::from_f64(f64::NAN); weight.len()];
    backward_weight_pooled(geometry, path, &x, &grad_y, &taps, &mut grad_weight);
    let outputs = geometry.batch * geometry.output().iter().product::<usize>();
    let exact = |values: &[T]| values.iter().map(|value| value.to_f64()).collect::<Vec<f64>>();
    assert_close("grad_weight", geometry, path, &grad_weight, &exact(&expected_weight), outputs);
    let mut grad_bias = vec![T::from_f64(f64::NAN); bias.len()];
    backward_bias_pooled(geometry, path, &grad_y, &taps, &mut grad_bias);
    assert_close("grad_bias", geometry, path, &grad_bias, &exact(&expected_bias), outputs);
}

#[test]
fn pooling_at_once_equals_convolution_then_pooling() {
    let mut numbers = Numbers(29);
    for seed in 0..60 {
        let mut geometry = numbers.geometry();
        if seed % 2 == 0 {
            // Rows of taps with whole vectors of images, and as many images as a task has.
            geometry.batch = [16, 32, 48, 64, 80][numbers.between(0, 4)];
            (geometry.stride[1], geometry.dilation[1]) = (1, 1);
            geometry.kernel[1] = [3, 5][numbers.between(0, 1)];
            geometry.input = [numbers.between(3, 15), numbers.between(4, 21)];
        }
        for path in PATHS {
            check_pooled::<f32>(&geometry, path, seed);
            check_pooled::<f64>(&geometry, path, seed);
        }
        let mut plain = Geometry { groups: 1, stride: [1; 2], dilation: [1; 2], ..geometry };
        check_pooled::<f32>(&plain, Path::ChannelsFromPlanes, seed);
        plain.kernel[1] = [3, 5][numbers.between(0, 1)];
        check_pooled::<f32>(&plain, Path::WinogradRows, seed);
        check_pooled::<f64>(&plain, Path::WinogradRows, seed);
    }
    for geometry in [square(64, [1, 6], 28, 5, 2), square(67, [6, 16], 14, 5, 0), square(32, [1, 6], 27, 5, 1)] {
        check_pooled::<f32>(&geometry, Path::WinogradRows, 1);
    }
}

#[test]
fn kernel_larger_than_the_input_needs_padding() {
    let geometry = square(9, [2, 3], 2, 5, 2);
    assert_eq!(geometry.output(), [2, 2]);
    let too_small = square(9, [2, 3], 2, 5, 1);
    assert_eq!(too_small.output(), [0, 0]);
    for path in PATHS {
        check::<f64>(&geometry, path, 3);
        check::<f64>(&too_small, path, 3);
    }
}

#[test]
fn relu_keeps_nan() {
    let geometry = square(9, [1, 1], 1, 1, 0);
    for path in PATHS {
        let mut y = [0.0f32; 9];
        forward(&geometry, path, &[f32::NAN; 9], &[1.0], None, Activation::Relu, &mut y);
        assert!(y.iter().all(|value| value.is_nan()), "{path:?}: {y:?}");
    }
}

#[test]
fn plan_follows_its_named_conditions() {
    assert_eq!(plan(&square(64, [1, 6], 28, 5, 2)), Path::WinogradRows);
    assert_eq!(plan(&square(512, [6, 16], 14, 5, 0)), Path::WinogradRows);
    assert_eq!(plan(&square(512, [6, 16], 5, 5, 0)), Path::BatchInnermost);
    assert_eq!(plan(&square(64, [1, 8], 28, 3, 1)), Path::BatchInnermost);
    assert_eq!(plan(&square(1, [6, 16], 14, 5, 0)), Path::ChannelsInnermost);
    assert_eq!(plan_from(&square(1, [6, 16], 14, 5, 0), Layout::Nchw), Path::ChannelsFromPlanes);
    assert_eq!(plan_from(&square(1, [6, 16], 14, 5, 0), Layout::Nhwc), Path::ChannelsInnermost);
    assert_eq!(plan_from(&square(64, [3, 64], 32, 3, 1), Layout::Nchw), Path::ChannelsFromPlanes);
    assert_eq!(plan_from(&square(1, [16, 32], 14, 5, 0), Layout::Nchw), Path::ChannelsInnermost);
    assert_eq!(plan(&square(64, [64, 128], 32, 3, 1)), Path::Winograd);
    assert_eq!(plan(&square(64, [64, 128], 32, 1, 0)), Path::ChannelsInnermost);
    // The first convolution of a network for colour images, and one with few channels on both sides.
    assert_eq!(plan(&square(64, [3, 64], 32, 3, 1)), Path::ChannelsInnermost);
    assert_eq!(plan(&square(1, [1, 6], 28, 5, 2)), Path::Direct);
    assert_eq!(plan(&square(4, [3, 4], 128, 3, 1)), Path::Direct);
    assert_eq!(plan(&square(4, [3, 4], 6, 3, 1)), Path::Gemm);
    let grouped = Geometry { groups: 2, ..square(1, [64, 64], 32, 3, 1) };
    assert_eq!(plan(&grouped), Path::Gemm);
    let depthwise = Geometry { groups: 32, ..square(1, [32, 32], 56, 3, 1) };
    assert_eq!(plan(&depthwise), Path::Direct);
}

#[test]
#[should_panic(expected = "conv2d: length of the weight")]
fn a_slice_of_the_wrong_length_panics() {
    let geometry = square(1, [1, 1], 3, 2, 0);
    forward(&geometry, Path::Direct, &[0.0f32; 9], &[0.0; 3], None, Activation::Identity, &mut [0.0; 4]);
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let geometries = [
        square(70, [3, 8], 13, 3, 1),
        square(5, [20, 40], 12, 3, 1),
        square(100, [3, 9], 27, 5, 2),
        Geometry { groups: 2, stride: [2, 1], ..square(3, [16, 60], 9, 3, 1) },
    ];
    let mut numbers = Numbers(11);
    for geometry in geometries {
        let x = cast::<f32>(&numbers.values(geometry.input_len()));
        let weight = cast::<f32>(&numbers.values(geometry.weight_len()));
        let grad_y = cast::<f32>(&numbers.values(geometry.output_len()));
        let winograd = is_winograd(&geometry).then_some(Path::Winograd);
        let innermost = (geometry.groups == 1).then_some(Path::ChannelsInnermost);
        let planes = innermost.map(|_| Path::ChannelsFromPlanes);
        let rows = is_winograd_rows(&geometry).then_some(Path::WinogradRows);
        for path in PATHS.into_iter().chain(winograd).chain(rows).chain(innermost).chain(planes) {
            let results = [1, 2, 7].map(|threads| {
                let (mut y, mut grad_x, mut grad_weight) = (grad_y.clone(), x.clone(), weight.clone());
                let mut grad_bias = vec![0.0; geometry.out_channels];
                with_threads(threads, || {
                    forward(&geometry, path, &x, &weight, None, Activation::Identity, &mut y);
                    backward_input(&geometry, path, &grad_y, &weight, &mut grad_x);
                    backward_weight(&geometry, path, &x, &grad_y, &mut grad_weight);
                    backward_bias(&geometry, path, &grad_y, &mut grad_bias);
                });
                [y, grad_x, grad_weight, grad_bias]
                    .map(|values| values.into_iter().map(f32::to_bits).collect::<Vec<_>>())
            });
            assert!(results[0] == results[1] && results[1] == results[2], "{path:?} {geometry:?}");
        }
    }
}
