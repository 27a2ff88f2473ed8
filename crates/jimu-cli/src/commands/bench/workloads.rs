//! What is measured.

use std::hint::black_box;

use clap::ValueEnum;
use jimu::nn::{Block, Conv2d, Forward, Module};
use jimu::optim::{Adam, Optimizer, Sgd};
use jimu::train::{backward_in_shards, forward_in_shards, suits_shards};
use jimu::vision::models::{LeNet, Mlp, ResNet9};
use jimu::{Tensor, no_grad};

use super::blocks::EncoderBlock;

const CLASSES: i64 = 10;

/// A model and a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    #[value(name = "W1b64")]
    W1b64,
    #[value(name = "W1b512")]
    W1b512,
    #[value(name = "W2")]
    W2,
    #[value(name = "W3")]
    W3,
    #[value(name = "W4")]
    W4,
    #[value(name = "W5")]
    W5,
    #[value(name = "W6")]
    W6,
    #[value(name = "W7")]
    W7,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    SamplesPerSecond,
    Gigaflops,
    Microseconds,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Unit::SamplesPerSecond => "samples/s",
            Unit::Gigaflops => "GFLOP/s",
            Unit::Microseconds => "us",
        }
    }
}

/// One number to measure.
pub struct Measure {
    pub metric: &'static str,
    pub unit: Unit,
    /// What a step does, in the unit's samples or billions of operations.
    pub work: f64,
    pub step: Box<dyn FnMut()>,
}

impl Workload {
    pub const ALL: [Workload; 8] =
        [Self::W1b64, Self::W1b512, Self::W2, Self::W3, Self::W4, Self::W5, Self::W6, Self::W7];

    pub fn name(self) -> &'static str {
        match self {
            Self::W1b64 => "W1b64",
            Self::W1b512 => "W1b512",
            Self::W2 => "W2",
            Self::W3 => "W3",
            Self::W4 => "W4",
            Self::W5 => "W5",
            Self::W6 => "W6",
            Self::W7 => "W7",
        }
    }

    pub fn metrics(self) -> &'static [&'static str] {
        match self {
            Self::W4 => &["conv_fwd", "conv_fwd_bwd"],
            Self::W5 => &["infer_b1", "infer_b256"],
            Self::W6 => &["gemm256", "gemm1024", "gemm2048"],
            _ => &["train"],
        }
    }

    /// What is measured under this name. With `shards` the steps of small networks are cut as `jimu train` cuts them;
    /// without, operation after operation, as a profile needs them.
    pub fn measure(self, metric: &str, shards: bool) -> Measure {
        match (self, metric) {
            (Self::W1b64, _) => {
                train(LeNet::lenet5(1, 28, 28, 10).expect("28x28 will do"), [64, 1, 28, 28], sgd, shards)
            }
            (Self::W1b512, _) => {
                train(LeNet::lenet5(1, 28, 28, 10).expect("28x28 will do"), [512, 1, 28, 28], sgd, shards)
            }
            (Self::W2, _) => train(Mlp::new(784, 10), [128, 784], adam, shards),
            (Self::W3, _) => train(ResNet9::new(3, 10), [128, 3, 32, 32], sgd, shards),
            (Self::W4, "conv_fwd") => convolution_forward(),
            (Self::W4, _) => convolution_backward(),
            (Self::W5, "infer_b1") => inference(1),
            (Self::W5, _) => inference(256),
            (Self::W6, "gemm256") => product("gemm256", 256),
            (Self::W6, "gemm1024") => product("gemm1024", 1024),
            (Self::W6, _) => product("gemm2048", 2048),
            (Self::W7, _) => train(EncoderBlock::new(128, 4, 512), [32, 64, 128], adam, shards),
        }
    }
}

fn sgd(parameters: Vec<Tensor>) -> Box<dyn Optimizer> {
    Box::new(Sgd::new(parameters, 0.01).momentum(0.9))
}

fn adam(parameters: Vec<Tensor>) -> Box<dyn Optimizer> {
    Box::new(Adam::new(parameters, 1e-3))
}

fn train<const D: usize>(
    model: impl Block + 'static,
    input: [usize; D],
    optimizer: fn(Vec<Tensor>) -> Box<dyn Optimizer>,
    shards: bool,
) -> Measure {
    let (x, y) = (Tensor::randn(input), Tensor::randint(0, CLASSES, [input[0]]));
    let parameters = model.parameters();
    let mut optimizer = optimizer(parameters.clone());
    let shards = shards && suits_shards(&model);
    model.train();
    let step = move || {
        optimizer.zero_grad();
        let loss = |x: &Tensor, y: &Tensor| model.forward(x).cross_entropy(y);
        let loss = match shards {
            true => backward_in_shards(&parameters, &x, &y, |x, y| (loss(x, y), ())).0,
            false => {
                let loss = loss(&x, &y);
                loss.backward();
                loss.item()
            }
        };
        jimu::profiler::record("optimizer step", || optimizer.step());
        black_box(loss);
    };
    Measure { metric: "train", unit: Unit::SamplesPerSecond, work: input[0] as f64, step: Box::new(step) }
}

/// Input, layer, and billions of operations of forward.
fn convolution() -> (Tensor, Conv2d, f64) {
    let (batch, from, to, side) = (64, 64, 128, 32);
    let x = Tensor::randn([batch, from, side, side]);
    (x, Conv2d::new(from, to, 3).padding(1), 2.0 * (batch * from * to * 9 * side * side) as f64 / 1e9)
}

fn convolution_forward() -> Measure {
    let (x, layer, work) = convolution();
    let step = move || no_grad(|| touch(&layer.forward(&x)));
    Measure { metric: "conv_fwd", unit: Unit::Gigaflops, work, step: Box::new(step) }
}

fn convolution_backward() -> Measure {
    let (x, layer, work) = convolution();
    let grad = Tensor::randn([64, 128, 32, 32]);
    let x = x.requires_grad_();
    let step = move || {
        layer.zero_grad();
        x.set_grad(None);
        let options = jimu::autograd::BackwardOptions::new().gradient(&grad);
        layer.forward(&x).backward_with(options);
        x.grad().iter().for_each(touch);
    };
    Measure { metric: "conv_fwd_bwd", unit: Unit::Gigaflops, work: 3.0 * work, step: Box::new(step) }
}

fn inference(batch: usize) -> Measure {
    let model = LeNet::lenet5(1, 28, 28, 10).expect("28x28 will do");
    model.eval();
    let x = Tensor::randn([batch, 1, 28, 28]);
    let step = move || {
        let outputs = match batch {
            1 => no_grad(|| model.forward(&x)),
            _ => forward_in_shards(&x, |x| model.forward(x)),
        };
        black_box(outputs.to_vec::<f32>());
    };
    let (metric, unit) = match batch {
        1 => ("infer_b1", Unit::Microseconds),
        _ => ("infer_b256", Unit::SamplesPerSecond),
    };
    Measure { metric, unit, work: batch as f64, step: Box::new(step) }
}

fn product(metric: &'static str, size: usize) -> Measure {
    let (a, b) = (Tensor::randn([size, size]), Tensor::randn([size, size]));
    let step = move || touch(&a.matmul(&b));
    Measure { metric, unit: Unit::Gigaflops, work: 2.0 * (size as f64).powi(3) / 1e9, step: Box::new(step) }
}

/// Reads one element, so that the tensor has to be there.
fn touch(tensor: &Tensor) {
    let mut element = tensor.clone();
    while element.dim() > 0 {
        element = element.select(0, 0);
    }
    black_box(element.item());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_the_defined_sizes() {
        assert_eq!(LeNet::lenet5(1, 28, 28, 10).unwrap().num_parameters(), 61_706);
        assert_eq!(Mlp::new(784, 10).num_parameters(), 535_818);
        assert_eq!(ResNet9::new(3, 10).num_parameters(), 6_573_130);
    }
}
