//! Convolution by hand and by machine: a worked example, and what it has to do with that of signal processing.

use jimu::Tensor;
use jimu::nn::functional::{ConvOptions, conv2d};
use jimu::nn::{Conv2d, Forward, Module, StateDict};

fn main() {
    worked_example();
    flipped_kernel();
}

/// Three channels of 5x5 pixels, padding 1, stride 2, two filters: the size becomes (5 + 2 - 3) / 2 + 1 = 3.
fn worked_example() {
    let x = Tensor::new([
        [[0., 1., 1., 2., 2.], [0., 1., 1., 0., 0.], [1., 1., 0., 1., 0.], [1., 0., 1., 1., 1.], [0., 2., 0., 1., 0.]],
        [[1., 1., 1., 2., 0.], [0., 2., 1., 1., 2.], [1., 2., 0., 0., 2.], [0., 2., 1., 2., 1.], [2., 0., 1., 2., 0.]],
        [[2., 0., 2., 0., 2.], [0., 0., 1., 2., 1.], [1., 0., 2., 2., 1.], [2., 0., 2., 0., 0.], [0., 0., 1., 1., 2.]],
    ]);
    let filters = Tensor::new([
        [
            [[1., 1., -1.], [-1., 0., 1.], [-1., -1., 0.]],
            [[-1., 0., -1.], [0., 0., -1.], [1., -1., 0.]],
            [[0., 1., 0.], [1., 0., 1.], [0., -1., 1.]],
        ],
        [
            [[-1., -1., 0.], [-1., 1., 0.], [-1., 1., 0.]],
            [[1., -1., 0.], [-1., 0., -1.], [-1., 0., 0.]],
            [[-1., 0., 1.], [1., 0., 1.], [0., -1., 0.]],
        ],
    ]);
    let layer = Conv2d::new(3, 2, 3).stride(2).padding(1);
    let weights = StateDict::from([("weight".to_owned(), filters), ("bias".to_owned(), Tensor::new([1.0, 0.0]))]);
    layer.load_state_dict(&weights).expect("two filters of three channels and 3x3 taps, two biases");

    let y = layer.forward(&x);
    println!("{layer} takes {} to {}:\n{y}", x.size(), y.size());
    let expected = Tensor::new([
        [[1., 0., -3.], [-6., 1., 1.], [4., -3., 1.]],
        [[-1., -6., -4.], [-2., -3., -4.], [-1., -3., -3.]],
    ]);
    println!("as computed by hand: {}\n", y.eq(&expected).all().item() == 1.0);
}

/// Deep learning slides the filter as it is (cross-correlation). Signal processing flips it first: y[t] = Σ x[t - k] w[k].
/// Since filters are learnt, either will do; the two differ by a flip.
fn flipped_kernel() {
    let signal = Tensor::new([1.0, 2.0, 3.0, 4.0]).reshape([1, 1, 1, 4]);
    let filter = Tensor::new([1.0, 10.0, 100.0]).reshape([1, 1, 1, 3]);
    let values = |y: Tensor| y.to_vec::<f32>();
    println!("signal 1 2 3 4, filter 1 10 100");
    println!("as it is (cross-correlation):        {:?}", values(conv2d(&signal, &filter, None, &ConvOptions::new())));
    println!(
        "flipped (signal-processing formula): {:?}",
        values(conv2d(&signal, &filter.flip([2, 3]), None, &ConvOptions::new()))
    );
    println!("by the formula, t = 2 and 3:         {:?}", convolve(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0, 100.0]));
}

/// y[t] = Σ x[t - k] w[k], where the filter lies within the signal.
fn convolve(x: &[f32], w: &[f32]) -> Vec<f32> {
    (w.len() - 1..x.len()).map(|t| w.iter().enumerate().map(|(k, w)| x[t - k] * w).sum()).collect()
}
