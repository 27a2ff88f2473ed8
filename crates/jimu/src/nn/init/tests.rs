use super::*;
use crate::dtype::DType;
use crate::optim::testing::message;
use crate::tensor::with_seed;

/// Mean and deviation of many numbers.
fn moments(fill: impl FnOnce(&Tensor), shape: &[usize]) -> (f64, f64, Vec<f32>) {
    let w = Tensor::zeros(shape);
    with_seed(1, || fill(&w));
    let values = w.to_vec::<f32>();
    let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt(), values)
}

#[track_caller]
fn has_moments(fill: impl FnOnce(&Tensor), shape: &[usize], mean: f64, std: f64) -> Vec<f32> {
    let (found_mean, found_std, values) = moments(fill, shape);
    // Four standard errors.
    let error = 4.0 * std / (values.len() as f64).sqrt();
    assert!((found_mean - mean).abs() <= error, "the mean is {found_mean} instead of {mean}");
    assert!((found_std - std).abs() <= error, "the deviation is {found_std} instead of {std}");
    values
}

#[test]
fn uniform_and_normal() {
    let third = 12f64.sqrt().recip();
    let values = has_moments(|w| uniform_(w, -1.0, 3.0), &[200, 100], 1.0, 4.0 * third);
    assert!(values.iter().all(|w| (-1.0..3.0).contains(w)));
    has_moments(|w| normal_(w, 2.0, 0.5), &[200, 100], 2.0, 0.5);
}

#[test]
fn deviations_are_those_of_the_papers() {
    // 100 outputs, 30 inputs, a window of 5: fans of 150 and 500.
    let shape = [100, 30, 5];
    let sides = (2.0 / 650f64).sqrt();
    has_moments(|w| xavier_uniform_(w, 1.5), &shape, 0.0, 1.5 * sides);
    has_moments(|w| xavier_normal_(w, 1.5), &shape, 0.0, 1.5 * sides);
    let relu = (2.0 / 150f64).sqrt();
    has_moments(|w| kaiming_uniform_(w, FanMode::FanIn, Nonlinearity::Relu), &shape, 0.0, relu);
    has_moments(|w| kaiming_normal_(w, FanMode::FanIn, Nonlinearity::LeakyRelu(0.0)), &shape, 0.0, relu);
    let leaky = (2.0 / 1.25 / 500f64).sqrt();
    let values =
        has_moments(|w| kaiming_uniform_(w, FanMode::FanOut, Nonlinearity::LeakyRelu(0.5)), &shape, 0.0, leaky);
    assert!(values.iter().all(|w| f64::from(w.abs()) <= leaky * 3f64.sqrt()));
    has_moments(|w| kaiming_normal_(w, FanMode::FanOut, Nonlinearity::Tanh), &shape, 0.0, 5.0 / 3.0 / 500f64.sqrt());
    assert_eq!(calculate_fan_in_and_fan_out(&Tensor::zeros(shape)), (150, 500));
    assert_eq!(calculate_gain(Nonlinearity::Selu), 0.75);
}

#[test]
fn truncated_normal() {
    // Both ways of drawing: much of the distribution within the bounds, and its tail alone.
    let values = has_moments(|w| trunc_normal_(w, 0.0, 1.0, -2.0, 2.0), &[200, 100], 0.0, 0.8796257);
    assert!(values.iter().all(|w| (-2.0..=2.0).contains(w)));
    let values = has_moments(|w| trunc_normal_(w, 0.0, 0.5, 1.0, 5.0), &[200, 100], 1.1866077, 0.1690260);
    assert!(values.iter().all(|w| (1.0..=5.0).contains(w)));
    let (mean, _, _) = moments(|w| trunc_normal_(w, 7.0, 0.0, 1.0, 5.0), &[3]);
    assert_eq!(mean, 5.0);
}

#[test]
fn orthogonal_in_all_shapes() {
    for shape in [vec![7, 100], vec![100, 70], vec![64, 64], vec![8, 3, 5, 2], vec![1, 4], vec![5, 1]] {
        let w = Tensor::zeros_of(&shape[..], DType::F64);
        orthogonal_(&w, 3.0);
        let matrix = w.reshape([shape[0] as isize, -1]);
        let (rows, columns) = (matrix.size()[0], matrix.size()[1]);
        let products = if rows <= columns { matrix.matmul(&matrix.t()) } else { matrix.t().matmul(&matrix) };
        let error = (&products - Tensor::eye_of(rows.min(columns), rows.min(columns), DType::F64) * 9.0).abs().max();
        assert!(error.item() < 1e-12, "{shape:?}: {}", error.item());
    }
    let values = has_moments(|w| orthogonal_(w, 1.0), &[100, 100], 0.0, 0.1);
    assert!(values.iter().filter(|w| **w > 0.0).count() > 4800);
}

#[test]
fn patterns_of_zeros() {
    let w = Tensor::ones([50, 20]);
    sparse_(&w, 0.31, 2.0);
    let zeros = w.to_vec::<f32>().iter().filter(|w| **w == 0.0).count();
    assert_eq!(zeros, 16 * 20);
    let w = Tensor::ones([4, 3, 3, 2]);
    dirac_(&w, 2);
    let ones: Vec<usize> =
        w.to_vec::<f32>().iter().enumerate().filter(|(_, w)| **w == 1.0).map(|(index, _)| index).collect();
    // Output 0 from input 0, 1 from 1, and the same in the second group; the middle of a 3x2 window is at (1, 1).
    assert_eq!(ones, [3, 18 + 6 + 3, 36 + 3, 54 + 6 + 3]);
    assert_eq!(w.sum().item(), 4.0);
    let w = Tensor::ones([3, 2]).requires_grad_();
    eye_(&w);
    assert_eq!(w.to_vec::<f32>(), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn empty_weights_are_left_alone() {
    for shape in [[0, 3], [3, 0]] {
        let w = Tensor::zeros(shape);
        kaiming_uniform_(&w, FanMode::FanIn, Nonlinearity::Relu);
        kaiming_normal_(&w, FanMode::FanOut, Nonlinearity::Relu);
        xavier_uniform_(&w, 1.0);
        xavier_normal_(&w, 1.0);
        orthogonal_(&w, 1.0);
        trunc_normal_(&w, 0.0, 1.0, -2.0, 2.0);
        eye_(&w);
        assert_eq!(w.numel(), 0);
    }
}

#[test]
fn refusals_name_the_fix() {
    for (message, expected) in [
        (message(|| eye_(&Tensor::zeros([2, 2, 2]))), "eye_: a matrix is needed, but the shape is [2, 2, 2]"),
        (message(|| dirac_(&Tensor::zeros([2, 2]), 1)), "for a matrix use eye_"),
        (message(|| dirac_(&Tensor::zeros([5, 2, 3]), 2)), "5 output channels cannot be divided into 2 groups"),
        (message(|| orthogonal_(&Tensor::zeros([2]), 1.0)), "at least two dimensions are needed"),
        (message(|| sparse_(&Tensor::zeros([2, 2]), 1.5, 0.1)), "a sparsity of 1.5"),
        (message(|| trunc_normal_(&Tensor::zeros([2]), 0.0, 1.0, 2.0, 1.0)), "within [2, 1]"),
        (message(|| xavier_normal_(&Tensor::zeros([2]), 1.0)), "xavier_normal_: a weight of at least two dimensions"),
    ] {
        assert!(message.contains(expected), "{message}");
    }
}
