//! Tests of the summary.

use super::*;
use crate::nn::{BatchNorm2d, Conv2d, Flatten, Linear, Module, Parameter, ReLU, Sequential};
use crate::{Device, sequential};

fn kinds(summary: &Summary) -> Vec<(&str, &str)> {
    summary.rows.iter().map(|row| (row.name.as_str(), row.kind.as_str())).collect()
}

#[derive(Module)]
struct Residual {
    body: Sequential,
    gain: Parameter,
    forgotten: Linear,
}

impl Forward for Residual {
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.body.forward(x) * &*self.gain;
        (y + x).relu()
    }
}

fn residual() -> Residual {
    Residual {
        body: sequential![Conv2d::new(2, 2, 3).padding(1), BatchNorm2d::new(2), ReLU, ReLU],
        gain: Parameter::new(Tensor::ones([1])),
        forgotten: Linear::new(1, 1),
    }
}

#[test]
fn layers_and_operations_are_told_apart() {
    let summary = summary(&residual(), [4, 2, 8, 8]).unwrap();
    let expected = [
        ("body.0", "Conv2d"),
        ("body.1", "BatchNorm2d"),
        ("body.2", "ReLU"),
        ("body.3", "ReLU"),
        ("", "Residual"),
        ("", "add"),
        ("", "relu"),
    ];
    // The block has a parameter of its own, so its own operations are one layer.
    assert_eq!(kinds(&summary), expected[..5]);
    assert_eq!(summary.unused, ["forgotten.weight", "forgotten.bias"]);
    assert_eq!(summary.rows.iter().map(|row| row.parameters).collect::<Vec<_>>(), [38, 4, 0, 0, 1]);
    assert_eq!(summary.parameters, 45);
    assert_eq!(summary.multiply_adds, 4 * 2 * 64 * 18);
    assert_eq!(summary.rows[0].forward_bytes, 4 * 4 * 2 * 64);
}

#[test]
fn a_layer_used_twice_is_counted_once() {
    let layer = Linear::new(3, 3);
    let x = Tensor::empty_meta([2, 3], DType::F32);
    let summary = summary_with(&layer, || layer.forward(&layer.forward(&x))).unwrap();
    assert_eq!(summary.rows.iter().map(|row| row.parameters).collect::<Vec<_>>(), [12, 0]);
    // Both calls keep their input, the second one's being the first one's output; the weight is there anyway.
    assert_eq!(summary.backward_bytes, 2 * (2 * 3 * 4));
}

#[test]
fn views_take_nothing_and_frozen_parameters_keep_nothing() {
    let model = sequential![Flatten::new(), Linear::new(6, 2)];
    let whole = summary(&model, [5, 2, 3]).unwrap();
    assert_eq!((whole.rows[0].forward_bytes, whole.backward_bytes), (0, 5 * 6 * 4));
    model.set_requires_grad(false);
    let frozen = summary(&model, [5, 2, 3]).unwrap();
    assert_eq!((frozen.trainable, frozen.gradient_bytes, frozen.backward_bytes), (0, 0, 0));
    assert!(frozen.to_string().contains("14 (56 B), 14 of them frozen"), "{frozen}");
}

#[test]
fn the_table() {
    let model = Device::Meta.with(|| sequential![Linear::new(1000, 2000), ReLU]);
    let text = summary(&model, [1, 1000]).unwrap().to_string();
    let expected = "\
Sequential
layer  kind    output     parameters  multiply-adds  output takes  backward keeps
─────────────────────────────────────────────────────────────────────────────────
0      Linear  [1, 2000]   2,002,000      2,000,000       7.8 KiB         3.9 KiB
1      ReLU    [1, 2000]                                  7.8 KiB         7.8 KiB
─────────────────────────────────────────────────────────────────────────────────
parameters     2,002,000 (7.6 MiB)
multiply-adds  2,000,000
forward        15.6 KiB of outputs
training       15.3 MiB: parameters, 7.6 MiB of gradients, 11.7 KiB kept for backward";
    assert_eq!(text, expected);
}

#[test]
fn other_panics_go_on() {
    let model = sequential![ReLU];
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        summary_with(&model, || -> Tensor { panic!("something else") })
    }));
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"something else"));
    assert!(summary(&model, [1]).is_ok(), "and nobody watches afterwards");
}
