//! `max_pool2d(conv2d(x), 2).relu()` as one operation, whose pixels before the pooling need not come to memory
//! ([`jimu_kernels::conv2d::forward_pooled`]).

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::{self as kernels, Activation, Geometry, Path, pooling};
use jimu_kernels::pooled::Shared;

use super::conv_options::ConvOptions;
use super::conv2d::{Conv2d, InputGradient, Prepared, WeightGradient};
use super::max_pool2d::{MaxPool2d, Scatter, Taps};
use super::planes::{laid_out, planes_in, with_planes};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, is_grad_enabled, try_apply};
use crate::dtype::dispatch_float;
use crate::error::ShapeError;
use crate::ops::binary::both;
use crate::tensor::{Layout, Tensor};

/// The input [n, c, h, w], the weight [o, c / groups, kh, kw] and, if there is a third input, the bias [o].
struct Conv2dMaxPool2d {
    geometry: Geometry,
    path: Path,
    /// Whether backward will ask where the maxima were, and what forward then leaves.
    wants_taps: bool,
    taps: Option<Shared<Taps>>,
}

impl Operation for Conv2dMaxPool2d {
    const NAME: &'static str = "conv2d_max_pool2d";

    fn saves(&self) -> Saves {
        Saves::These(0b11)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let [height, width] = pooling(&self.geometry).output;
        Ok(Spec::new(inputs[0].dtype(), [self.geometry.batch, self.geometry.out_channels, height, width]))
    }

    fn multiply_adds(&self, _inputs: &[&Tensor], _output: &Tensor) -> u64 {
        self.geometry.multiply_adds() as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (geometry, path) = (self.geometry, self.path);
        let mut taps = Buffer::unspecified(if self.wants_taps { spec.shape.numel() } else { 0 });
        let y = dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            let mut run = |bias: Option<&[T]>| with_planes::<T, _>(inputs[0], path.reads(), |x| {
                inputs[1].with_contiguous::<T, _>(|weight| {
                    kernels::forward_pooled(&geometry, path, x, weight, bias, &mut out, &mut taps);
                });
            });
            match inputs.get(2) {
                Some(bias) => bias.with_contiguous::<T, _>(|bias| run(Some(bias))),
                None => run(None),
            }
            planes_in::<T>(out, &spec.shape, path.layout())
        });
        let taps = Taps { geometry: pooling(&geometry), order: path.layout(), taps };
        self.taps = self.wants_taps.then(|| Shared::new(taps));
        y
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let &Self { geometry, path, .. } = self;
        let Some(taps) = &self.taps else { unreachable!("{} is recorded without taps", Self::NAME) };
        // Once for all derivatives.
        let grad = &laid_out(grad, path.layout());
        let mut gradients = match context.needs(0) {
            true => {
                let pixels = &apply(Scatter { taps: taps.clone() }, &[grad]);
                both(
                    context,
                    || apply(InputGradient { geometry, path }, &[pixels, &context.input(1)]),
                    || apply(WeightGradient { geometry, path }, &[&context.input(0), pixels]),
                )
            }
            false => {
                let weight = PooledWeightGradient { geometry, path, taps: taps.clone() };
                both(context, || unreachable!("not needed"), || apply(weight, &[&context.input(0), grad]))
            }
        };
        if context.inputs() == 3 {
            let bias = PooledBiasGradient { geometry, path, taps: taps.clone() };
            gradients.push(context.needs(2).then(|| apply(bias, &[grad])));
        }
        gradients
    }
}

/// The gradient of the weight from the input and the gradient of the maxima.
struct PooledWeightGradient {
    geometry: Geometry,
    path: Path,
    taps: Shared<Taps>,
}

impl Operation for PooledWeightGradient {
    const NAME: &'static str = "conv2d_max_pool2d_backward_weight";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        WeightGradient { geometry: self.geometry, path: self.path }.spec(inputs)
    }

    fn multiply_adds(&self, _inputs: &[&Tensor], _output: &Tensor) -> u64 {
        self.geometry.multiply_adds() as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let layout = self.path.layout();
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], layout, |x| with_planes::<T, _>(inputs[1], layout, |grad| {
                kernels::backward_weight_pooled(&self.geometry, self.path, x, grad, &self.taps.taps, &mut out);
            }));
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let &Self { geometry, path, .. } = self;
        let taps = || self.taps.clone();
        both(
            context,
            || {
                let pixels = apply(Scatter { taps: taps() }, &[&context.input(1)]);
                apply(InputGradient { geometry, path }, &[&pixels, grad])
            },
            || {
                let convolution = Conv2d { geometry, path, activation: Activation::Identity };
                apply(MaxPool2d { taps: taps() }, &[&apply(convolution, &[&context.input(0), grad])])
            },
        )
    }
}

/// The gradient of the bias from that of the maxima.
struct PooledBiasGradient {
    geometry: Geometry,
    path: Path,
    taps: Shared<Taps>,
}

impl Operation for PooledBiasGradient {
    const NAME: &'static str = "conv2d_max_pool2d_backward_bias";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), [self.geometry.out_channels]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], self.path.layout(), |grad| {
                kernels::backward_bias_pooled(&self.geometry, self.path, grad, &self.taps.taps, &mut out);
            });
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| {
            let Geometry { batch, out_channels, .. } = self.geometry;
            let [height, width] = self.geometry.output();
            let pixels = grad.reshape([1, out_channels as isize, 1, 1]).expand([batch, out_channels, height, width]);
            apply(MaxPool2d { taps: self.taps.clone() }, &[&pixels])
        })
    }
}

/// `max_pool2d(conv2d(x, …), 2).relu()`; `None` if there is no window, or `x` merely traces the shapes and is to see all three.
pub(crate) fn try_conv_max_pool2d_relu(
    name: &str,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &ConvOptions,
) -> Result<Option<Tensor>, ShapeError> {
    if x.is_meta() {
        return Ok(None);
    }
    let Prepared { x, images, weight, geometry, path } = Prepared::new(name, x, weight, bias, options)?;
    if pooling(&geometry).output.contains(&0) {
        return Ok(None);
    }
    let inputs = [Some(&images), Some(&weight), bias];
    let wants_taps = is_grad_enabled() && inputs.iter().flatten().any(|input| input.requires_grad());
    let operation = Conv2dMaxPool2d { geometry, path, wants_taps, taps: None };
    let y = match bias {
        Some(bias) => try_apply(operation, &[&images, &weight, bias]),
        None => try_apply(operation, &[&images, &weight]),
    };
    Ok(Some(x.back(&y?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::OrRaise;
    use crate::nn::functional::{MaxPoolOptions, conv2d};
    use crate::ops::nn::max_pool2d::max_pool2d_relu;
    use crate::ops::testing::{check, variable};

    fn at_once(i: &[&Tensor], options: &ConvOptions) -> Tensor {
        try_conv_max_pool2d_relu("conv2d", i[0], i[1], i.get(2).copied(), options).or_raise().expect("windows")
    }

    #[test]
    fn derivatives_on_every_path() {
        let cases: [(_, _, ConvOptions); 4] = [
            ([8, 1, 5, 4], [2, 1, 2, 3], ConvOptions::new().padding((0, 1))),
            ([1, 2, 4, 3], [2, 2, 2, 2], ConvOptions::new().padding("same")),
            ([2, 2, 5, 4], [4, 1, 2, 2], ConvOptions::new().groups(2)),
            ([1, 1, 6, 5], [1, 1, 2, 2], ConvOptions::new().dilation((2, 1)).padding((0, 1))),
        ];
        for (x, weight, options) in cases {
            let (x, weight, bias) = (variable(x), variable(weight), variable([weight[0]]));
            check(|i| at_once(i, &options), &[&x, &weight, &bias]);
            check(|i| at_once(i, &options), &[&x, &weight]);
            // Without the input's gradient the weight's takes another way.
            let x = x.detach();
            check(|i| at_once(&[&x, i[0], i[1]], &options), &[&weight, &bias]);
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_operations_one_after_the_other() {
        crate::manual_seed(0);
        for (batch, channels, size, padding) in
            [(32, [1, 6], 28, 2), (33, [6, 16], 14, 0), (1, [6, 16], 14, 0), (2, [24, 32], 9, 1)]
        {
            let x = Tensor::randn([batch, channels[0], size, size]).requires_grad_();
            let weight = Tensor::randn([channels[1], channels[0], 5, 5]).requires_grad_();
            let bias = Tensor::randn([channels[1]]).requires_grad_();
            let options = ConvOptions::new().padding(padding);
            let y = at_once(&[&x, &weight, &bias], &options);
            let after = max_pool2d_relu(&conv2d(&x, &weight, Some(&bias), &options), &MaxPoolOptions::new(2));
            assert_eq!(y.to_vec::<f32>(), after.to_vec::<f32>());
            let seed = Tensor::randn(y.size());
            let gradients = [&y, &after].map(|y| {
                [&x, &weight, &bias].iter().for_each(|leaf| leaf.set_grad(None));
                (y * &seed).sum().backward();
                [&x, &weight, &bias].map(|leaf| leaf.grad().unwrap())
            });
            for (at_once, after) in gradients[0].iter().zip(&gradients[1]) {
                assert!(at_once.allclose(after, 1e-4, 1e-3, false), "{batch} images of {size}x{size}");
            }
        }
    }

    #[test]
    fn no_window_is_left_to_the_pooling() {
        let (x, weight) = (Tensor::zeros([1, 1, 4, 3]), Tensor::zeros([1, 1, 2, 3]));
        assert!(try_conv_max_pool2d_relu("conv2d", &x, &weight, None, &ConvOptions::new()).or_raise().is_none());
    }
}
