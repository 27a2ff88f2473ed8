//! `conv2d`, and its two derivatives, each an operation of its own: all three are linear in each of their inputs, and
//! each one's derivatives are the other two.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::{self as kernels, Activation, Geometry, Path};

use super::planes::{planes_in, with_planes};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, try_apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::both;
use crate::tensor::Tensor;

/// How a kernel moves over the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConvOptions {
    pub(crate) stride: [usize; 2],
    /// `[[top, bottom], [left, right]]`.
    pub(crate) padding: [[usize; 2]; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
}

impl Default for ConvOptions {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [[0, 0]; 2], dilation: [1, 1], groups: 1 }
    }
}

/// The input [n, c, h, w], the weight [o, c / groups, kh, kw] and, if there is a third input, the bias [o].
struct Conv2d {
    geometry: Geometry,
    path: Path,
}

impl Operation for Conv2d {
    const NAME: &'static str = "conv2d";

    fn saves(&self) -> Saves {
        Saves::These(0b11)
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
            let bias = inputs.get(2).map(|bias| bias.to_vec::<T>());
            with_planes::<T, _>(inputs[0], layout, |x| inputs[1].with_contiguous::<T, _>(|weight| {
                kernels::forward(&self.geometry, self.path, x, weight, bias.as_deref(), Activation::Identity, &mut out);
            }));
            planes_in::<T>(out, &spec.shape, layout)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let &Self { geometry, path } = self;
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

/// The gradient of the input from that of the output and the weight.
struct InputGradient {
    geometry: Geometry,
    path: Path,
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
            || apply(Conv2d { geometry, path }, &[grad, &context.input(1)]),
            || apply(WeightGradient { geometry, path }, &[grad, &context.input(0)]),
        )
    }
}

/// The gradient of the weight from the input and the gradient of the output.
struct WeightGradient {
    geometry: Geometry,
    path: Path,
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
            || apply(Conv2d { geometry, path }, &[&context.input(0), grad]),
        )
    }
}

/// The cross-correlation of the input with each filter, plus the bias:
/// [`torch.nn.functional.conv2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html), with
/// stride 1, no padding, no dilation and one group. The layer [`Conv2d`](crate::nn::Conv2d) has the options.
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w); `weight`: (o, c, kh, kw); `bias`: (o).
/// - Output: (n, o, h - kh + 1, w - kw + 1), or without n.
///
/// # Panics
/// If the shapes do not fit or the kernel is larger than the input.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::conv2d};
/// let x = Tensor::new([[[[1.0, 2.0, 3.0]]]]);
/// let weight = Tensor::new([[[[1.0, 10.0]]]]); // cross-correlation: the kernel is not flipped
/// assert_eq!(conv2d(&x, &weight, None).to_vec::<f32>(), [21.0, 32.0]);
/// ```
#[track_caller]
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    try_conv2d(x, weight, bias, ConvOptions::default()).or_raise()
}

pub(crate) fn try_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: ConvOptions,
) -> Result<Tensor, ShapeError> {
    if x.dim() == 3 {
        return Ok(try_conv2d(&x.unsqueeze(0), weight, bias, options)?.squeeze_dim(0));
    }
    let geometry = geometry(x, weight, bias, options)?;
    let operation = Conv2d { geometry, path: kernels::plan(&geometry) };
    match bias {
        Some(bias) => try_apply(operation, &[x, weight, bias]),
        None => try_apply(operation, &[x, weight]),
    }
}

/// The shape rule.
fn geometry(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions) -> Result<Geometry, ShapeError> {
    let (input, filters) = (x.shape(), weight.shape());
    let refuse = |problem: String, help: String| Err(ShapeError::new("conv2d", problem).help(help));
    if x.dim() != 4 {
        return refuse(
            format!(
                "the input must have the shape [batch, channels, height, width] or [channels, height, width], but has {input}"
            ),
            "unsqueeze or reshape it".to_owned(),
        );
    }
    if weight.dim() != 4 {
        return refuse(
            format!(
                "the weight must have the shape [out_channels, in_channels / groups, height, width], but has {filters}"
            ),
            "reshape it".to_owned(),
        );
    }
    let channels = filters[1] * options.groups;
    if input[1] != channels {
        return refuse(
            format!(
                "the input must have {channels} channels (in_channels), but has shape {input}: {} channels",
                input[1]
            ),
            format!("make in_channels {}, or change the layer before so that it gives {channels} channels", input[1]),
        );
    }
    if options.groups == 0 || !filters[0].is_multiple_of(options.groups) {
        return refuse(
            format!("{} output channels do not divide into {} groups", filters[0], options.groups),
            "make out_channels a multiple of groups".to_owned(),
        );
    }
    if let Some(bias) = bias
        && *bias.shape() != [filters[0]]
    {
        return refuse(
            format!("the bias must have the shape [{}], but has {}", filters[0], bias.shape()),
            "give one number for each output channel".to_owned(),
        );
    }
    if x.dtype() != weight.dtype() || !x.dtype().is_floating_point() {
        return refuse(
            format!("the input is {}, but the weight is {}", x.dtype(), weight.dtype()),
            format!("convert the input with x.to(DType::{:?})", weight.dtype()),
        );
    }
    let geometry = Geometry {
        batch: input[0],
        in_channels: input[1],
        out_channels: filters[0],
        groups: options.groups,
        input: [input[2], input[3]],
        kernel: [filters[2], filters[3]],
        stride: options.stride,
        padding: options.padding,
        dilation: options.dilation,
    };
    if geometry.output().contains(&0) {
        let [height, width] = geometry.kernel;
        return refuse(
            format!("a kernel of {height}x{width} is larger than the padded input of shape {input}"),
            "use a smaller kernel or dilation, more padding, or fewer pooling layers before".to_owned(),
        );
    }
    Ok(geometry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives_on_every_path() {
        let cases = [
            ([8, 1, 4, 4], [2, 1, 3, 3], ConvOptions::default()),
            ([1, 2, 4, 3], [2, 2, 2, 2], ConvOptions { padding: [[1, 0], [0, 1]], ..Default::default() }),
            ([2, 2, 5, 4], [4, 1, 2, 2], ConvOptions { groups: 2, stride: [2, 1], ..Default::default() }),
            ([1, 1, 5, 5], [1, 1, 2, 2], ConvOptions { dilation: [2, 1], ..Default::default() }),
        ];
        for (x, weight, options) in cases {
            let (x, weight, bias) = (variable(x), variable(weight), variable([weight[0]]));
            check(|i| try_conv2d(i[0], i[1], Some(i[2]), options).unwrap(), &[&x, &weight, &bias]);
        }
    }

    #[test]
    #[should_panic(expected = "the input must have 3 channels (in_channels), but has shape [2, 1, 8, 8]: 1 channels")]
    fn refusal() {
        conv2d(&Tensor::zeros([2, 1, 8, 8]), &Tensor::zeros([4, 3, 3, 3]), None);
    }
}
