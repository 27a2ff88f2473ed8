//! `conv2d`, and its two derivatives, each an operation of its own: all three are linear in each of their inputs, and
//! each one's derivatives are the other two.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::{self as kernels, Activation, Geometry, Path};

use super::conv_options::ConvOptions;
use super::images::{Images, shown};
use super::pair::Extent;
use super::planes::{laid_out, order_of, planes_in, with_planes};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, try_apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::both;
use crate::ops::unary::relu_backward;
use crate::tensor::Tensor;

/// The input [n, c, h, w], the weight [o, c / groups, kh, kw] and, if there is a third input, the bias [o].
pub(super) struct Conv2d {
    pub(super) geometry: Geometry,
    pub(super) path: Path,
    pub(super) activation: Activation,
}

impl Operation for Conv2d {
    const NAME: &'static str = "conv2d";

    fn saves(&self) -> Saves {
        match self.activation {
            Activation::Identity => Saves::These(0b11),
            Activation::Relu => Saves::InputsAndOutput,
        }
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let [height, width] = self.geometry.output();
        Ok(Spec::new(inputs[0].dtype(), [self.geometry.batch, self.geometry.out_channels, height, width]))
    }

    fn multiply_adds(&self, inputs: &[&Tensor], output: &Tensor) -> u64 {
        (output.numel() * inputs[1].shape()[1..].iter().product::<usize>()) as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let layout = self.path.layout();
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            let mut run = |bias: Option<&[T]>| with_planes::<T, _>(inputs[0], self.path.reads(), |x| {
                inputs[1].with_contiguous::<T, _>(|weight| {
                    kernels::forward(&self.geometry, self.path, x, weight, bias, self.activation, &mut out);
                });
            });
            match inputs.get(2) {
                Some(bias) => bias.with_contiguous::<T, _>(|bias| run(Some(bias))),
                None => run(None),
            }
            planes_in::<T>(out, &spec.shape, layout)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let &Self { geometry, path, activation } = self;
        // Once for both derivatives.
        let grad = &laid_out(grad, path.layout());
        let grad = &match activation {
            Activation::Identity => grad.clone(),
            Activation::Relu => relu_backward(grad, &context.output()),
        };
        let mut gradients = both(
            context,
            || apply(InputGradient { geometry, path }, &[grad, &context.input(1)]),
            || apply(WeightGradient { geometry, path }, &[&context.input(0), grad]),
        );
        if context.inputs() == 3 {
            gradients.push(context.needs(2).then(|| grad.sum_dim([0, 2, 3], false)));
        }
        gradients
    }
}

/// The gradient of the input from that of the output and the weight: a transposed convolution.
pub(super) struct InputGradient {
    pub(super) geometry: Geometry,
    pub(super) path: Path,
}

impl Operation for InputGradient {
    const NAME: &'static str = "conv2d_backward_input";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let [height, width] = self.geometry.input;
        Ok(Spec::new(inputs[0].dtype(), [self.geometry.batch, self.geometry.in_channels, height, width]))
    }

    fn multiply_adds(&self, inputs: &[&Tensor], _output: &Tensor) -> u64 {
        (inputs[0].numel() * inputs[1].shape()[1..].iter().product::<usize>()) as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let layout = self.path.layout();
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], layout, |grad| inputs[1].with_contiguous::<T, _>(|weight| {
                kernels::backward_input(&self.geometry, self.path, grad, weight, &mut out);
            }));
            planes_in::<T>(out, &spec.shape, layout)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let &Self { geometry, path } = self;
        both(
            context,
            || apply(Conv2d { geometry, path, activation: Activation::Identity }, &[grad, &context.input(1)]),
            || apply(WeightGradient { geometry, path }, &[grad, &context.input(0)]),
        )
    }
}

/// The gradient of the weight from the input and the gradient of the output.
pub(super) struct WeightGradient {
    pub(super) geometry: Geometry,
    pub(super) path: Path,
}

impl Operation for WeightGradient {
    const NAME: &'static str = "conv2d_backward_weight";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let Geometry { out_channels, in_channels, groups, kernel: [height, width], .. } = self.geometry;
        Ok(Spec::new(inputs[0].dtype(), [out_channels, in_channels / groups, height, width]))
    }

    fn multiply_adds(&self, inputs: &[&Tensor], output: &Tensor) -> u64 {
        (inputs[1].numel() * output.shape()[1..].iter().product::<usize>()) as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let layout = self.path.layout();
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], layout, |x| with_planes::<T, _>(inputs[1], layout, |grad| {
                kernels::backward_weight(&self.geometry, self.path, x, grad, &mut out);
            }));
            Tensor::from_buffer::<T>(out, crate::tensor::Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let &Self { geometry, path } = self;
        both(
            context,
            || apply(InputGradient { geometry, path }, &[&context.input(1), grad]),
            || apply(Conv2d { geometry, path, activation: Activation::Identity }, &[&context.input(0), grad]),
        )
    }
}

/// The cross-correlation of images with each filter, plus the bias:
/// [`torch.nn.functional.conv2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html). The layer
/// is [`Conv2d`](crate::nn::Conv2d).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w); `weight`: (o, c / groups, kh, kw); `bias`: (o).
/// - Output: (n, o, h', w') or without n; h' = ⌊(h + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1, w' likewise.
///
/// # Panics
/// If the shapes, types or options do not fit, or the kernel is larger than the padded input.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{ConvOptions, conv2d};
/// use jimu::Tensor;
/// let x = Tensor::new([[[[1.0, 2.0, 3.0]]]]);
/// let weight = Tensor::new([[[[1.0, 10.0]]]]); // cross-correlation: the kernel is not flipped
/// assert_eq!(conv2d(&x, &weight, None, &ConvOptions::new()).to_vec::<f32>(), [21.0, 32.0]);
/// ```
#[track_caller]
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: &ConvOptions) -> Tensor {
    try_conv("conv2d", x, weight, bias, options, Activation::Identity).or_raise()
}

/// A convolution of signals or images and what follows it; `name` is the function's.
pub(crate) fn try_conv<S: Extent>(
    name: &str,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &ConvOptions<S>,
    activation: Activation,
) -> Result<Tensor, ShapeError> {
    let Prepared { x, images, weight, geometry, path } = Prepared::new(name, x, weight, bias, options)?;
    let operation = Conv2d { geometry, path, activation };
    let y = match bias {
        Some(bias) => try_apply(operation, &[&images, &weight, bias]),
        None => try_apply(operation, &[&images, &weight]),
    };
    Ok(x.back(&y?))
}

/// A convolution of signals or images that is about to be computed.
pub(super) struct Prepared {
    pub(super) x: Images,
    /// The images as forward reads them.
    pub(super) images: Tensor,
    /// The filters [o, c, kh, kw].
    pub(super) weight: Tensor,
    pub(super) geometry: Geometry,
    pub(super) path: Path,
}

impl Prepared {
    pub(super) fn new<S: Extent>(
        name: &str,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        options: &ConvOptions<S>,
    ) -> Result<Self, ShapeError> {
        let x = Images::of::<S>(x, name)?;
        let weight = filters::<S>(weight, name, "out_channels, in_channels / groups")?;
        let geometry = geometry(name, &x, &weight, bias, options)?;
        let path = kernels::plan_from(&geometry, order_of(&x.images));
        // Once for forward and, unless that reads another order, the gradient of the weight.
        let images = laid_out(&x.images, path.reads());
        Ok(Self { x, images, weight, geometry, path })
    }
}

/// The filters [o, c, kh, kw]; those of signals get a height of 1.
pub(super) fn filters<S: Extent>(weight: &Tensor, name: &str, channels: &str) -> Result<Tensor, ShapeError> {
    if weight.dim() != 2 + S::DIMENSIONS {
        let sizes = if S::DIMENSIONS == 1 { "length" } else { "height, width" };
        let problem = format!("the weight must have the shape [{channels}, {sizes}], but has {}", weight.shape());
        return Err(ShapeError::new(name, problem).help("reshape it"));
    }
    if weight.shape()[2..].contains(&0) {
        let problem = format!("the kernel is empty: the weight has the shape {}", weight.shape());
        return Err(ShapeError::new(name, problem).help("choose a kernel_size of at least 1"));
    }
    Ok(if S::DIMENSIONS == 1 { weight.unsqueeze(2) } else { weight.clone() })
}

/// The shape rule that convolutions and transposed convolutions share: `inputs` and `outputs` are the channels that the
/// weight has for each.
pub(super) fn check_channels(
    name: &str,
    x: &Images,
    weight: &Tensor,
    bias: Option<&Tensor>,
    [inputs, outputs]: [usize; 2],
) -> Result<(), ShapeError> {
    let refuse = |problem: String, help: String| Err(ShapeError::new(name, problem).help(help));
    let (channels, shape) = (x.images.shape()[1], x.shape());
    if channels != inputs {
        return refuse(
            format!("the input must have {inputs} channels (in_channels), but has shape {shape}: {channels} channels"),
            format!("make in_channels {channels}, or change the layer before so that it gives {inputs} channels"),
        );
    }
    if let Some(bias) = bias
        && *bias.shape() != [outputs]
    {
        return refuse(
            format!("the bias must have the shape [{outputs}], but has {}", bias.shape()),
            "give one number for each output channel".to_owned(),
        );
    }
    let dtype = x.images.dtype();
    if dtype != weight.dtype() || !dtype.is_floating_point() {
        return refuse(
            format!("the input is {dtype}, but the weight is {}", weight.dtype()),
            format!("convert the input with x.to(DType::{:?})", weight.dtype()),
        );
    }
    Ok(())
}

/// Refuses groups that the channels do not divide into, and steps of 0.
pub(super) fn check_options<S: Extent>(
    name: &str,
    channels: usize,
    groups: usize,
    [stride, dilation]: [S; 2],
) -> Result<(), ShapeError> {
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(ShapeError::new(name, format!("{channels} channels do not divide into {groups} groups"))
            .help("make the channels a multiple of groups"));
    }
    if [stride, dilation].iter().any(|step| step.height_and_width(1).contains(&0)) {
        let (stride, dilation) = (stride.tuple(), dilation.tuple());
        return Err(ShapeError::new(name, format!("the stride is {stride} and the dilation {dilation}"))
            .help("choose numbers of at least 1"));
    }
    Ok(())
}

/// The shape rule.
fn geometry<S: Extent>(
    name: &str,
    x: &Images,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &ConvOptions<S>,
) -> Result<Geometry, ShapeError> {
    let (input, filters) = (x.images.shape(), weight.shape());
    let (inputs, outputs) = (filters[1] * options.groups, filters[0]);
    check_options(name, outputs, options.groups, [options.stride, options.dilation])?;
    check_channels(name, x, weight, bias, [inputs, outputs])?;
    if inputs == 0 || outputs == 0 {
        let problem = format!("a weight of shape {filters} holds no filter");
        return Err(ShapeError::new(name, problem).help("give one channel at least, in and out"));
    }
    let kernel = [filters[2], filters[3]];
    let geometry = Geometry {
        batch: input[0],
        in_channels: input[1],
        out_channels: outputs,
        groups: options.groups,
        input: [input[2], input[3]],
        kernel,
        stride: options.stride.height_and_width(1),
        padding: options.pixels(kernel, name)?,
        dilation: options.dilation.height_and_width(1),
    };
    if geometry.output().contains(&0) {
        let problem =
            format!("a kernel of {} is larger than the padded input of shape {}", shown::<S>(kernel), x.shape());
        return Err(ShapeError::new(name, problem)
            .help("use a smaller kernel or dilation, more padding, or fewer pooling layers before"));
    }
    Ok(geometry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives_on_every_path() {
        let cases: [(_, _, ConvOptions); 4] = [
            ([8, 1, 4, 4], [2, 1, 3, 3], ConvOptions::new()),
            ([1, 2, 4, 3], [2, 2, 2, 2], ConvOptions::new().padding("same")),
            ([2, 2, 5, 4], [4, 1, 2, 2], ConvOptions::new().groups(2).stride((2, 1))),
            ([1, 1, 5, 5], [1, 1, 2, 2], ConvOptions::new().dilation((2, 1)).padding((0, 1))),
        ];
        for (x, weight, options) in cases {
            let (x, weight, bias) = (variable(x), variable(weight), variable([weight[0]]));
            check(|i| conv2d(i[0], i[1], Some(i[2]), &options), &[&x, &weight, &bias]);
            let rectified = |i: &[&Tensor]| try_conv("conv2d", i[0], i[1], Some(i[2]), &options, Activation::Relu);
            check(|i| rectified(i).unwrap(), &[&x, &weight, &bias]);
        }
    }

    #[test]
    #[should_panic(expected = "the input must have 3 channels (in_channels), but has shape [2, 1, 8, 8]: 1 channels")]
    fn refusal() {
        conv2d(&Tensor::zeros([2, 1, 8, 8]), &Tensor::zeros([4, 3, 3, 3]), None, &ConvOptions::new());
    }

    #[test]
    fn mistakes_are_named() {
        let says = |x: [usize; 3], weight: [usize; 4], options: ConvOptions, text: &str| {
            let error =
                try_conv("conv2d", &Tensor::zeros(x), &Tensor::zeros(weight), None, &options, Activation::Identity)
                    .unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        };
        let plain = ConvOptions::new();
        says([1, 4, 4], [2, 1, 5, 3], plain, "a kernel of 5x3 is larger than the padded input of shape [1, 4, 4]");
        says([2, 4, 4], [3, 1, 2, 2], plain.groups(2), "3 channels do not divide into 2 groups");
        says([1, 4, 4], [1, 1, 2, 2], plain.stride(0), "the stride is (0, 0)");
        says([1, 4, 4], [1, 1, 2, 2], plain.stride(2).padding("same"), "\"same\" has no meaning with stride (2, 2)");
        says([1, 4, 4], [1, 1, 0, 2], plain, "the kernel is empty");
    }
}
