//! burn's side of the comparison, with its fastest back end on a CPU. The models are those of `jimu bench`, layer by
//! layer.
#![recursion_limit = "512"]

#[path = "../../protocol.rs"]
mod protocol;

use std::hint::black_box;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::{gelu, relu, softmax};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use protocol::{CONVOLUTION, Clock};

fn randn<const D: usize>(size: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(size, Distribution::Normal(0.0, 1.0), device)
}

fn conv(from: usize, to: usize, kernel: usize, padding: usize) -> Conv2dConfig {
    let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
    Conv2dConfig::new([from, to], [kernel, kernel]).with_padding(padding)
}

fn linear(from: usize, to: usize, device: &Device) -> Linear {
    LinearConfig::new(from, to).init(device)
}

fn pool() -> MaxPool2d {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()
}

/// Linear layers with ReLU between them.
fn stack(layers: &[Linear], mut x: Tensor<2>) -> Tensor<2> {
    let (last, hidden) = layers.split_last().expect("a layer");
    for layer in hidden {
        x = relu(layer.forward(x));
    }
    last.forward(x)
}

#[derive(Module, Debug)]
struct LeNet5 {
    convolutions: Vec<Conv2d>,
    linears: Vec<Linear>,
    pool: MaxPool2d,
}

impl LeNet5 {
    fn new(device: &Device) -> Self {
        Self {
            convolutions: vec![conv(1, 6, 5, 2).init(device), conv(6, 16, 5, 0).init(device)],
            linears: vec![linear(400, 120, device), linear(120, 84, device), linear(84, 10, device)],
            pool: pool(),
        }
    }

    fn forward(&self, mut x: Tensor<4>) -> Tensor<2> {
        for layer in &self.convolutions {
            x = self.pool.forward(relu(layer.forward(x)));
        }
        stack(&self.linears, x.flatten(1, 3))
    }
}

#[derive(Module, Debug)]
struct Mlp {
    linears: Vec<Linear>,
}

impl Mlp {
    fn new(device: &Device) -> Self {
        Self { linears: vec![linear(784, 512, device), linear(512, 256, device), linear(256, 10, device)] }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        stack(&self.linears, x)
    }
}

#[derive(Module, Debug)]
struct ConvBlock {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvBlock {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

#[derive(Module, Debug)]
struct ResNet9 {
    blocks: Vec<ConvBlock>,
    pool: MaxPool2d,
    head: Linear,
}

const CHANNELS: [(usize, usize); 8] =
    [(3, 64), (64, 128), (128, 128), (128, 128), (128, 256), (256, 512), (512, 512), (512, 512)];

impl ResNet9 {
    fn new(device: &Device) -> Self {
        let block = |(from, to)| ConvBlock {
            conv: conv(from, to, 3, 1).with_bias(false).init(device),
            norm: BatchNormConfig::new(to).init(device),
        };
        Self { blocks: CHANNELS.map(block).into(), pool: pool(), head: linear(512, 10, device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let block = |index: usize, x| self.blocks[index].forward(x);
        let x = self.pool.forward(block(1, block(0, x)));
        let x = x.clone() + block(3, block(2, x));
        let x = self.pool.forward(block(5, self.pool.forward(block(4, x))));
        let x = x.clone() + block(7, block(6, x));
        let flat: Tensor<3> = x.flatten(2, 3);
        self.head.forward(flat.max_dim(2).squeeze_dim(2))
    }
}

#[derive(Module, Debug)]
struct EncoderBlock {
    norm1: LayerNorm,
    norm2: LayerNorm,
    qkv: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
    head: Linear,
}

impl EncoderBlock {
    fn new(device: &Device) -> Self {
        const WIDTH: usize = 128;
        Self {
            norm1: LayerNormConfig::new(WIDTH).init(device),
            norm2: LayerNormConfig::new(WIDTH).init(device),
            qkv: linear(WIDTH, 3 * WIDTH, device),
            out: linear(WIDTH, WIDTH, device),
            up: linear(WIDTH, 512, device),
            down: linear(512, WIDTH, device),
            head: linear(WIDTH, 10, device),
        }
    }

    fn attention(&self, x: Tensor<3>) -> Tensor<3> {
        const HEADS: usize = 4;
        let [batch, length, width] = x.dims();
        let depth = width / HEADS;
        let qkv = self.qkv.forward(x).reshape([batch, length, 3, HEADS, depth]).permute([2, 0, 3, 1, 4]);
        let parts: Vec<Tensor<4>> = qkv.chunk(3, 0).into_iter().map(|part| part.squeeze_dim(0)).collect();
        let [q, k, v] = <[Tensor<4>; 3]>::try_from(parts).expect("queries, keys and values");
        let weights = softmax(q.matmul(k.swap_dims(2, 3)).div_scalar((depth as f32).sqrt()), 3);
        self.out.forward(weights.matmul(v).swap_dims(1, 2).reshape([batch, length, width]))
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let x = x.clone() + self.attention(self.norm1.forward(x));
        let x = x.clone() + self.down.forward(gelu(self.up.forward(self.norm2.forward(x))));
        self.head.forward(x.mean_dim(1).squeeze_dim(1))
    }
}

fn sgd() -> (ModuleOptimizer, f64) {
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
    (SgdConfig::new().with_momentum(Some(momentum)).init(), 0.01)
}

fn adam() -> (ModuleOptimizer, f64) {
    (AdamConfig::new().init(), 1e-3)
}

fn train<M: Module, const D: usize>(
    clock: &Clock,
    workload: &str,
    model: M,
    forward: fn(&M, Tensor<D>) -> Tensor<2>,
    size: [usize; D],
    (mut optimizer, lr): (ModuleOptimizer, f64),
    device: &Device,
) {
    let x = randn(size, device);
    let labels: Vec<i32> = (0..size[0] as i32).map(|index| index * 7 % 10).collect();
    let y = Tensor::<1, Int>::from_data(TensorData::from(labels.as_slice()), device);
    let loss = CrossEntropyLossConfig::new().init(device);
    let mut model = Some(model);
    clock.rate(workload, "train", size[0] as f64, "samples/s", &mut |steps| {
        for _ in 0..steps {
            let now = model.take().expect("put back after each step");
            let value = loss.forward(forward(&now, x.clone()), y.clone());
            let gradients = GradientsParams::from_grads(value.backward(), &now);
            model = Some(optimizer.step(lr, now, gradients));
            black_box(value.into_scalar::<f32>());
        }
        device.sync().expect("a device that answers");
    });
}

fn convolution(clock: &Clock, plain: &Device, device: &Device) {
    let config = conv(64, 128, 3, 1);
    let (layer, x) = (config.init(plain), randn([64, 64, 32, 32], plain));
    clock.rate("W4", "conv_fwd", CONVOLUTION, "GFLOP/s", &mut |steps| {
        (0..steps).for_each(|_| drop(black_box(layer.forward(x.clone()))));
        plain.sync().expect("a device that answers");
    });
    let (layer, grad) = (config.init(device), randn([64, 128, 32, 32], device));
    let x = randn([64, 64, 32, 32], device).require_grad();
    clock.rate("W4", "conv_fwd_bwd", 3.0 * CONVOLUTION, "GFLOP/s", &mut |steps| {
        // Backward begins with ones; the product makes `grad` of them.
        (0..steps).for_each(|_| drop(black_box((layer.forward(x.clone()) * grad.clone()).backward())));
        device.sync().expect("a device that answers");
    });
}

fn inference(clock: &Clock, plain: &Device) {
    let model = LeNet5::new(plain).valid();
    let (one, many) = (randn([1, 1, 28, 28], plain), randn([256, 1, 28, 28], plain));
    clock.latency("W5", "infer_b1", &mut || drop(black_box(model.forward(one.clone()).into_data())));
    clock.rate("W5", "infer_b256", 256.0, "samples/s", &mut |steps| {
        (0..steps).for_each(|_| drop(black_box(model.forward(many.clone()))));
        plain.sync().expect("a device that answers");
    });
}

fn products(clock: &Clock, plain: &Device) {
    for size in [256, 1024, 2048] {
        let (a, b) = (randn([size, size], plain), randn([size, size], plain));
        let work = 2.0 * (size as f64).powi(3) / 1e9;
        clock.rate("W6", &format!("gemm{size}"), work, "GFLOP/s", &mut |steps| {
            (0..steps).for_each(|_| drop(black_box(a.clone().matmul(b.clone()))));
            plain.sync().expect("a device that answers");
        });
    }
}

fn main() {
    let clock = Clock::from_arguments("burn");
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    for name in clock.workloads.iter().map(String::as_str) {
        match name {
            "W1b64" => {
                train(&clock, name, LeNet5::new(&device), LeNet5::forward, [64, 1, 28, 28], sgd(), &device);
            }
            "W1b512" => {
                train(&clock, name, LeNet5::new(&device), LeNet5::forward, [512, 1, 28, 28], sgd(), &device);
            }
            "W2" => train(&clock, name, Mlp::new(&device), Mlp::forward, [128, 784], adam(), &device),
            "W3" => train(&clock, name, ResNet9::new(&device), ResNet9::forward, [128, 3, 32, 32], sgd(), &device),
            "W4" => convolution(&clock, &plain, &device),
            "W5" => inference(&clock, &plain),
            "W6" => products(&clock, &plain),
            _ => train(&clock, name, EncoderBlock::new(&device), EncoderBlock::forward, [32, 64, 128], adam(), &device),
        }
    }
}
