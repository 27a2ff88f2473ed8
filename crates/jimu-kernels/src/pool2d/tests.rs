//! The kernels against the naive twin, over random geometries. They add in the same order, so results are equal.

use super::*;

struct Numbers(u64);

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

    /// Few different values, so that many are equal, and some NaN and infinities.
    fn values(&mut self, len: usize) -> Vec<f32> {
        let value = |pick: usize| match pick {
            0 => f32::NAN,
            1 => f32::NEG_INFINITY,
            pick => pick as f32 - 8.0,
        };
        (0..len).map(|_| value(self.between(0, 20))).collect()
    }

    fn geometry(&mut self) -> Geometry {
        let halving = self.between(0, 2) == 0;
        let ceil_mode = !halving && self.between(0, 1) == 0;
        let mut pair = |low, high| [self.between(low, high), self.between(low, high)];
        let [batch, channels] = [[0, 1, 3, 8, 9, 16, 33, 40][pair(0, 7)[0]], pair(0, 3)[0]];
        let [mut kernel, mut stride, mut dilation] = [pair(1, 4), pair(1, 4), pair(1, 2)];
        let mut padding = [0, 1].map(|axis| (dilation[axis] * (kernel[axis] - 1)).div_ceil(2) * pair(0, 1)[0]);
        if halving {
            (kernel, stride, dilation, padding) = ([2; 2], [2; 2], [1; 2], [0; 2]);
        }
        // Some rows of windows that are longer than a vector.
        let most = |axis| if halving && axis == 1 { 50 } else { 12 };
        let input = [0, 1].map(|axis| pair(dilation[axis] * (kernel[axis] - 1) + 1, most(axis))[0]);
        let output = [0, 1].map(|axis| {
            let (padding, dilation) = (padding[axis], dilation[axis]);
            Geometry::output_size(input[axis], kernel[axis], stride[axis], padding, dilation, ceil_mode)
        });
        Geometry { batch, channels, input, output, kernel, stride, padding, dilation }
    }
}

const LAYOUTS: [Layout; 3] = [Layout::Nchw, Layout::Nhwc, Layout::Chwn];

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn max_equals_the_naive_twin() {
    let mut numbers = Numbers(3);
    let mut halved = 0;
    for (round, layout) in (0..300).flat_map(|round| LAYOUTS.map(|layout| (round, layout))) {
        let activation = [Activation::Identity, Activation::Relu][round % 2];
        let geometry = numbers.geometry();
        halved += usize::from(is_halving(&geometry));
        let (x, grad_y) = (numbers.values(geometry.input_len()), numbers.values(geometry.output_len()));
        let grad_y: Vec<f32> = grad_y.iter().map(|value| if value.is_finite() { *value } else { 0.5 }).collect();
        let (mut expected, mut expected_taps) = (vec![0.0; grad_y.len()], vec![0; grad_y.len()]);
        naive::max_forward(&geometry, layout, activation, &x, &mut expected, &mut expected_taps);
        let (mut y, mut taps) = (vec![f32::NAN; grad_y.len()], vec![9; grad_y.len()]);
        max_forward(&geometry, layout, activation, &x, &mut y, &mut taps);
        assert_eq!((bits(&y), &taps), (bits(&expected), &expected_taps), "round {round}: {geometry:?}");

        let (mut expected, mut grad_x) = (vec![0.0; x.len()], vec![f32::NAN; x.len()]);
        naive::max_backward(&geometry, layout, &grad_y, &taps, &mut expected);
        max_backward(&geometry, layout, &grad_y, &taps, &mut grad_x);
        assert_eq!(grad_x, expected, "round {round}: {geometry:?}");
    }
    assert!(halved > 100, "only {halved} geometries take the path for 2x2 windows");
}

#[test]
fn average_equals_the_naive_twin() {
    let mut numbers = Numbers(5);
    for (round, layout) in (0..300).flat_map(|round| LAYOUTS.map(|layout| (round, layout))) {
        let geometry = Geometry { dilation: [1, 1], ..numbers.geometry() };
        let output = [0, 1].map(|axis| {
            let padding = (geometry.kernel[axis] / 2).min(geometry.padding[axis]);
            Geometry::output_size(geometry.input[axis], geometry.kernel[axis], geometry.stride[axis], padding, 1, true)
        });
        let padding = [0, 1].map(|axis| (geometry.kernel[axis] / 2).min(geometry.padding[axis]));
        let geometry = Geometry { output, padding, ..geometry };
        let divisor = [Divisor::WindowWithPadding, Divisor::WindowInside, Divisor::Fixed(3)][round % 3];
        let (x, grad_y) = (numbers.values(geometry.input_len()), numbers.values(geometry.output_len()));
        let [x, grad_y] = [x, grad_y].map(|values| {
            values
                .iter()
                .map(|v| f64::from(v.clamp(-9.0, 9.0)))
                .map(|v| if v.is_nan() { 0.3 } else { v })
                .collect::<Vec<f64>>()
        });

        let (mut expected, mut y) = (vec![0.0; grad_y.len()], vec![f64::NAN; grad_y.len()]);
        naive::average_forward(&geometry, layout, divisor, &x, &mut expected);
        average_forward(&geometry, layout, divisor, &x, &mut y);
        assert_eq!(y, expected, "round {round} {divisor:?}: {geometry:?}");

        let (mut expected, mut grad_x) = (vec![0.0; x.len()], vec![f64::NAN; x.len()]);
        naive::average_backward(&geometry, layout, divisor, &grad_y, &mut expected);
        average_backward(&geometry, layout, divisor, &grad_y, &mut grad_x);
        assert_eq!(grad_x, expected, "round {round} {divisor:?}: {geometry:?}");
    }
}

#[test]
fn the_last_nan_and_the_first_maximum_win() {
    let geometry = Geometry {
        batch: 1,
        channels: 1,
        input: [2, 4],
        output: [1, 2],
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
        dilation: [1, 1],
    };
    let (mut y, mut taps) = ([0.0f32; 2], [0; 2]);
    let x = [f32::NAN, 9.0, 2.0, 5.0, 1.0, f32::NAN, 5.0, 5.0];
    for layout in LAYOUTS {
        max_forward(&geometry, layout, Activation::Identity, &x, &mut y, &mut taps);
        assert!(y[0].is_nan() && y[1] == 5.0);
        let indices = [0, 1].map(|pixel| flat_index(&geometry, pixel, taps[pixel]));
        assert_eq!(indices, [5, 3], "PyTorch's return_indices");
    }
}

#[test]
fn output_size_is_pytorchs() {
    assert_eq!(Geometry::output_size(28, 2, 2, 0, 1, false), 14);
    assert_eq!(Geometry::output_size(7, 3, 2, 1, 1, false), 4);
    assert_eq!(Geometry::output_size(6, 3, 2, 0, 1, false), 2);
    assert_eq!(Geometry::output_size(6, 3, 2, 0, 1, true), 3);
    assert_eq!(Geometry::output_size(5, 1, 3, 0, 1, true), 2, "a window that would start after the input is dropped");
    assert_eq!(Geometry::output_size(2, 5, 1, 1, 1, false), 0);
}
