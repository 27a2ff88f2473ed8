//! candle's side of the comparison. The models are those of `jimu bench`, layer by layer.

#[path = "../../protocol.rs"]
mod protocol;

use std::hint::black_box;

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Module, ModuleT, Result, Shape, Tensor, Var};
use candle_nn::ops::{layer_norm_slow, softmax};
use candle_nn::{
    AdamW, BatchNorm, Conv2d, Conv2dConfig, Linear, Optimizer, ParamsAdamW, VarBuilder, VarMap, batch_norm, conv2d,
    conv2d_no_bias, linear, loss,
};
use protocol::{CONVOLUTION, Clock};

/// Stochastic gradient descent with momentum, which candle does not have.
struct Sgd {
    lr: f64,
    momentum: f64,
    parameters: Vec<(Var, Option<Tensor>)>,
}

impl Sgd {
    fn step(&mut self, gradients: &GradStore) -> Result<()> {
        for (parameter, velocity) in &mut self.parameters {
            let Some(gradient) = gradients.get(parameter) else { continue };
            let next = match velocity.take() {
                Some(velocity) => ((velocity * self.momentum)? + gradient)?,
                None => gradient.clone(),
            }
            .detach();
            parameter.set(&(parameter.as_tensor() - (&next * self.lr)?)?)?;
            *velocity = Some(next);
        }
        Ok(())
    }
}

enum Rule {
    Sgd(Sgd),
    Adam(AdamW),
}

impl Rule {
    fn step(&mut self, gradients: &GradStore) -> Result<()> {
        match self {
            Rule::Sgd(rule) => rule.step(gradients),
            Rule::Adam(rule) => rule.step(gradients),
        }
    }
}

fn padded(padding: usize) -> Conv2dConfig {
    Conv2dConfig { padding, ..Default::default() }
}

struct LeNet5 {
    convolutions: [Conv2d; 2],
    linears: [Linear; 3],
}

impl LeNet5 {
    fn new(vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            convolutions: [conv2d(1, 6, 5, padded(2), vb.pp("conv1"))?, conv2d(6, 16, 5, padded(0), vb.pp("conv2"))?],
            linears: [linear(400, 120, vb.pp("fc1"))?, linear(120, 84, vb.pp("fc2"))?, linear(84, 10, vb.pp("fc3"))?],
        })
    }
}

impl ModuleT for LeNet5 {
    fn forward_t(&self, x: &Tensor, _: bool) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in &self.convolutions {
            x = layer.forward(&x)?.relu()?.max_pool2d(2)?;
        }
        stack(&self.linears, &x.flatten_from(1)?)
    }
}

/// Linear layers with ReLU between them.
fn stack(layers: &[Linear], x: &Tensor) -> Result<Tensor> {
    let (last, hidden) = layers.split_last().expect("a layer");
    let mut x = x.clone();
    for layer in hidden {
        x = layer.forward(&x)?.relu()?;
    }
    last.forward(&x)
}

struct Mlp([Linear; 3]);

impl ModuleT for Mlp {
    fn forward_t(&self, x: &Tensor, _: bool) -> Result<Tensor> {
        stack(&self.0, x)
    }
}

struct ConvBlock(Conv2d, BatchNorm);

struct ResNet9 {
    blocks: Vec<ConvBlock>,
    head: Linear,
}

const CHANNELS: [(usize, usize); 8] =
    [(3, 64), (64, 128), (128, 128), (128, 128), (128, 256), (256, 512), (512, 512), (512, 512)];

impl ResNet9 {
    fn new(vb: VarBuilder) -> Result<Self> {
        let block = |(index, &(from, to)): (usize, &(usize, usize))| {
            let vb = vb.pp(format!("block{index}"));
            Ok(ConvBlock(conv2d_no_bias(from, to, 3, padded(1), vb.pp("conv"))?, batch_norm(to, 1e-5, vb.pp("norm"))?))
        };
        let blocks = CHANNELS.iter().enumerate().map(block).collect::<Result<_>>()?;
        Ok(Self { blocks, head: linear(512, 10, vb.pp("head"))? })
    }
}

impl ModuleT for ResNet9 {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let block = |index: usize, x: &Tensor| {
            let ConvBlock(conv, norm) = &self.blocks[index];
            norm.forward_t(&conv.forward(x)?, train)?.relu()
        };
        let x = block(1, &block(0, x)?)?.max_pool2d(2)?;
        let x = (&x + block(3, &block(2, &x)?)?)?;
        let x = block(5, &block(4, &x)?.max_pool2d(2)?)?.max_pool2d(2)?;
        let x = (&x + block(7, &block(6, &x)?)?)?;
        self.head.forward(&x.flatten_from(2)?.max(D::Minus1)?)
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    fn new(width: usize, vb: VarBuilder) -> Result<Self> {
        let filled = |name, value| vb.get_with_hints(width, name, candle_nn::Init::Const(value));
        Ok(Self { weight: filled("weight", 1.0)?, bias: filled("bias", 0.0)? })
    }

    /// candle's fused layer norm has no backward, so this is the one made of operations.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm_slow(&x.contiguous()?, &self.weight, &self.bias, 1e-5)
    }
}

struct EncoderBlock {
    norms: [Norm; 2],
    qkv: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
    head: Linear,
}

impl EncoderBlock {
    fn new(width: usize, inner: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            norms: [Norm::new(width, vb.pp("norm1"))?, Norm::new(width, vb.pp("norm2"))?],
            qkv: linear(width, 3 * width, vb.pp("qkv"))?,
            out: linear(width, width, vb.pp("out"))?,
            up: linear(width, inner, vb.pp("up"))?,
            down: linear(inner, width, vb.pp("down"))?,
            head: linear(width, 10, vb.pp("head"))?,
        })
    }

    fn attention(&self, x: &Tensor) -> Result<Tensor> {
        const HEADS: usize = 4;
        let (batch, length, width) = x.dims3()?;
        let depth = width / HEADS;
        let qkv = self.qkv.forward(x)?.reshape((batch, length, 3, HEADS, depth))?.permute((2, 0, 3, 1, 4))?;
        let part = |index| qkv.get(index)?.contiguous();
        let scores = (part(0)?.matmul(&part(1)?.t()?)? * (depth as f64).sqrt().recip())?;
        let mixed = softmax(&scores, D::Minus1)?.matmul(&part(2)?)?;
        self.out.forward(&mixed.transpose(1, 2)?.reshape((batch, length, width))?)
    }
}

impl ModuleT for EncoderBlock {
    fn forward_t(&self, x: &Tensor, _: bool) -> Result<Tensor> {
        let x = (x + self.attention(&self.norms[0].forward(x)?)?)?;
        let up = self.up.forward(&self.norms[1].forward(&x)?)?.gelu_erf()?;
        self.head.forward(&(&x + self.down.forward(&up)?)?.mean(1)?)
    }
}

fn randn(shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::randn(0f32, 1f32, shape, &Device::Cpu)
}

fn variables() -> VarMap {
    VarMap::new()
}

fn builder(variables: &VarMap) -> VarBuilder<'static> {
    VarBuilder::from_varmap(variables, DType::F32, &Device::Cpu)
}

fn train(clock: &Clock, workload: &str) -> Result<()> {
    let variables = variables();
    let vb = builder(&variables);
    let (x, model): (Tensor, Box<dyn ModuleT>) = match workload {
        "W1b64" => (randn((64, 1, 28, 28))?, Box::new(LeNet5::new(vb)?)),
        "W1b512" => (randn((512, 1, 28, 28))?, Box::new(LeNet5::new(vb)?)),
        "W2" => {
            let layer = |from, to, name| linear(from, to, vb.pp(name));
            let layers = [layer(784, 512, "fc1")?, layer(512, 256, "fc2")?, layer(256, 10, "fc3")?];
            (randn((128, 784))?, Box::new(Mlp(layers)))
        }
        "W3" => (randn((128, 3, 32, 32))?, Box::new(ResNet9::new(vb)?)),
        _ => (randn((32, 64, 128))?, Box::new(EncoderBlock::new(128, 512, vb)?)),
    };
    let batch = x.dim(0)?;
    let labels: Vec<u32> = (0..batch as u32).map(|index| index * 7 % 10).collect();
    let y = Tensor::new(labels, &Device::Cpu)?;
    let mut rule = match workload {
        "W2" | "W7" => {
            let options = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..Default::default() };
            Rule::Adam(AdamW::new(variables.all_vars(), options)?)
        }
        _ => {
            let parameters = variables.all_vars().into_iter().map(|parameter| (parameter, None)).collect();
            Rule::Sgd(Sgd { lr: 0.01, momentum: 0.9, parameters })
        }
    };
    let mut step = || -> Result<()> {
        let loss = loss::cross_entropy(&model.forward_t(&x, true)?, &y)?;
        rule.step(&loss.backward()?)?;
        black_box(loss.to_scalar::<f32>()?);
        Ok(())
    };
    clock.rate(workload, "train", batch as f64, "samples/s", &mut |steps| {
        (0..steps).for_each(|_| step().expect("a step"));
    });
    Ok(())
}

fn convolution(clock: &Clock) -> Result<()> {
    let variables = variables();
    let layer = conv2d(64, 128, 3, padded(1), builder(&variables))?;
    let (x, grad) = (randn((64, 64, 32, 32))?, randn((64, 128, 32, 32))?);
    // Without variables among its inputs an operation records nothing.
    let plain = Conv2d::new(layer.weight().detach(), layer.bias().map(Tensor::detach), *layer.config());
    clock.rate("W4", "conv_fwd", CONVOLUTION, "GFLOP/s", &mut |steps| {
        (0..steps).for_each(|_| drop(black_box(plain.forward(&x).expect("a convolution"))));
    });
    let leaf = Var::from_tensor(&x)?;
    let both = || -> Result<GradStore> {
        // Backward begins with ones; the product makes `grad` of them.
        (layer.forward(leaf.as_tensor())? * &grad)?.backward()
    };
    clock.rate("W4", "conv_fwd_bwd", 3.0 * CONVOLUTION, "GFLOP/s", &mut |steps| {
        (0..steps).for_each(|_| drop(black_box(both().expect("gradients"))));
    });
    Ok(())
}

fn inference(clock: &Clock) -> Result<()> {
    let variables = variables();
    LeNet5::new(builder(&variables))?;
    let trained = variables.data().lock().expect("no panic before");
    let weights = trained.iter().map(|(name, var)| (name.clone(), var.as_tensor().detach())).collect();
    let model = LeNet5::new(VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu))?;
    let (one, many) = (randn((1, 1, 28, 28))?, randn((256, 1, 28, 28))?);
    let infer = |x: &Tensor| drop(black_box(model.forward_t(x, false).expect("an inference")));
    clock.latency("W5", "infer_b1", &mut || infer(&one));
    clock.rate("W5", "infer_b256", 256.0, "samples/s", &mut |steps| (0..steps).for_each(|_| infer(&many)));
    Ok(())
}

fn products(clock: &Clock) -> Result<()> {
    for size in [256, 1024, 2048] {
        let (a, b) = (randn((size, size))?, randn((size, size))?);
        let work = 2.0 * (size as f64).powi(3) / 1e9;
        clock.rate("W6", &format!("gemm{size}"), work, "GFLOP/s", &mut |steps| {
            (0..steps).for_each(|_| drop(black_box(a.matmul(&b).expect("a product"))));
        });
    }
    Ok(())
}

fn main() -> Result<()> {
    let clock = Clock::from_arguments("candle");
    for workload in &clock.workloads {
        match workload.as_str() {
            "W4" => convolution(&clock)?,
            "W5" => inference(&clock)?,
            "W6" => products(&clock)?,
            other => train(&clock, other)?,
        }
    }
    Ok(())
}
