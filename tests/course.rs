//! The numbers that a course works out on the blackboard.

use jimu::nn::functional::{ConvOptions, conv2d};
use jimu::nn::{Conv2d, Forward, Linear, Module, StateDict};
use jimu::{Tensor, no_grad};

#[test]
fn a_linear_layer_maps_the_last_dimension() {
    assert_eq!(Linear::new(20, 30).forward(&Tensor::randn([128, 20])).size(), [128, 30]);
}

#[test]
fn stacked_linear_layers_take_any_leading_dimensions() {
    let (first, second) = (Linear::new(20, 30), Linear::new(30, 40));
    let x = Tensor::randn([2, 512, 30, 20]);
    let y = no_grad(|| second.forward(&first.forward(&x)));
    assert_eq!(y.size(), [2, 512, 30, 40]);
    for place in [[0, 0, 0], [1, 17, 5], [1, 511, 29]] {
        let [a, b, c] = place;
        let alone = second.forward(&first.forward(&x.index((a, b, c))));
        let difference = (y.index((a, b, c)) - alone).abs().max().item();
        assert!(difference < 1e-5, "the row at {place:?} differs by {difference} from the same row alone");
    }
}

/// Three channels of 5x5, each row a string of digits.
fn input() -> Tensor {
    let rows = [
        ["01122", "01100", "11010", "10111", "02010"],
        ["11120", "02112", "12002", "02121", "20120"],
        ["20202", "00121", "10221", "20200", "00112"],
    ];
    let digits = rows.concat().concat().bytes().map(|digit| f32::from(digit - b'0')).collect();
    Tensor::from_vec(digits, [3, 5, 5])
}

/// Two filters of three channels and 3x3 taps.
fn filters() -> Tensor {
    let taps = vec![
        1, 1, -1, -1, 0, 1, -1, -1, 0, /**/ -1, 0, -1, 0, 0, -1, 1, -1, 0, /**/ 0, 1, 0, 1, 0, 1, 0, -1,
        1, //
        -1, -1, 0, -1, 1, 0, -1, 1, 0, /**/ 1, -1, 0, -1, 0, -1, -1, 0, 0, /**/ -1, 0, 1, 1, 0, 1, 0, -1, 0,
    ];
    Tensor::from_vec(taps.into_iter().map(|tap: i8| f32::from(tap)).collect(), [2, 3, 3, 3])
}

#[test]
fn the_worked_convolution() {
    let layer = Conv2d::new(3, 2, 3).stride(2).padding(1);
    let weights = StateDict::from([("weight".to_owned(), filters()), ("bias".to_owned(), Tensor::new([1.0, 0.0]))]);
    layer.load_state_dict(&weights).unwrap();
    let expected: [f32; 18] = [1., 0., -3., -6., 1., 1., 4., -3., 1., -1., -6., -4., -2., -3., -4., -1., -3., -3.];

    let y = layer.forward(&input());
    assert_eq!(y.size(), [2, 3, 3]);
    assert_eq!(y.to_vec::<f32>(), expected);

    // The same for each image of a batch, whichever way the batch is convolved.
    for batch in [1, 5, 16, 64] {
        let y = layer.forward(&input().unsqueeze(0).expand([batch, 3, 5, 5]));
        assert_eq!(y.to_vec::<f32>(), expected.repeat(batch));
    }
}

/// Convolution as signal processing defines it: y[i, j] = Σ x[i - k, j - l] w[k, l], where w lies within x.
fn convolve(x: &[[f32; 4]; 4], w: &[[f32; 3]; 2]) -> Vec<f32> {
    let at = |i: usize, j: usize| {
        (0..2).flat_map(|k| (0..3).map(move |l| (k, l))).map(|(k, l)| x[i - k][j - l] * w[k][l]).sum()
    };
    (1..4).flat_map(|i| (2..4).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
}

#[test]
fn convolution_is_cross_correlation_and_the_flipped_kernel_gives_the_other() {
    let x = [[1., 2., 3., 4.], [5., 6., 7., 8.], [9., 1., 2., 3.], [4., 5., 6., 7.]];
    let w = [[1., 10., 100.], [-1., -2., 0.]];
    let (image, kernel) = (Tensor::new([[x]]), Tensor::new([[w]]));

    let flipped = conv2d(&image, &kernel.flip([2, 3]), None, &ConvOptions::new()).to_vec::<f32>();
    assert_eq!(flipped, convolve(&x, &w));
    let as_it_is = conv2d(&image, &kernel, None, &ConvOptions::new()).to_vec::<f32>();
    assert_eq!(as_it_is[0], 1. + 20. + 300. - 5. - 12.);
    assert_ne!(as_it_is, flipped);
}
