//! `linear`: x Wᵀ + b.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::gemm::{GemmShape, gemm, gemm_bias};
use jimu_kernels::mixed;

use super::matmul::{halves, matmul_like, product_layout, rows_innermost};
use crate::autocast::{Precision, autocast, autocast_precision};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::dtype::{DType, Element, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

/// Rows [n, in], a weight [out, in] and, if there is a third input, a bias [out].
struct Linear {
    precision: Precision,
}

impl Operation for Linear {
    const NAME: &'static str = "linear";

    fn saves(&self) -> Saves {
        Saves::These(0b11)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), [inputs[0].shape()[0], inputs[1].shape()[0]]))
    }

    fn multiply_adds(&self, inputs: &[&Tensor], output: &Tensor) -> u64 {
        (output.numel() * inputs[1].shape()[1]) as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (x, weight) = (inputs[0], inputs[1]);
        let shape = GemmShape { m: x.shape()[0], k: x.shape()[1], n: weight.shape()[0] };
        let (sx, sw) = (x.storage(), weight.storage());
        let (xs, ws) = ((x.stride()[0], x.stride()[1]), (weight.stride()[1], weight.stride()[0]));
        if let Some([a, b]) = halves(self.precision, [x, weight], [&sx, &sw]) {
            let mut out = Buffer::unspecified(shape.m * shape.n);
            let (strides, layout) = product_layout(&spec.shape, rows_innermost(x));
            match inputs.get(2) {
                Some(bias) => bias.with_contiguous::<f32, _>(|bias| {
                    mixed::gemm_bias(shape, a, xs, b, ws, bias, &mut out, strides);
                }),
                None => mixed::gemm(shape, a, xs, b, ws, &mut out, strides, false),
            }
            return Tensor::from_buffer::<f32>(out, layout);
        }
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(shape.m * shape.n);
            let (a, b) = (&T::slice(&sx)[x.layout().offset..], &T::slice(&sw)[weight.layout().offset..]);
            let (strides, layout) = product_layout(&spec.shape, rows_innermost(x));
            match inputs.get(2) {
                Some(bias) => bias.with_contiguous::<T, _>(|bias| {
                    gemm_bias(shape, a, xs, b, ws, bias, &mut out, strides);
                }),
                None => gemm(shape, a, xs, b, ws, &mut out, strides, false),
            }
            Tensor::from_buffer::<T>(out, layout)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let mut gradients = Gradients::new();
        autocast(self.precision, || {
            gradients.push(context.needs(0).then(|| matmul_like(grad, &context.input(1))));
            gradients.push(context.needs(1).then(|| grad.t().matmul(&context.input(0))));
        });
        if context.inputs() == 3 {
            gradients.push(context.needs(2).then(|| grad.sum_dim(0, false)));
        }
        gradients
    }
}

/// x Wᵀ + b over the last dimension of `x`:
/// [`torch.nn.functional.linear`](https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html).
///
/// # Args
/// - `x`: (*, in), any number of leading dimensions.
/// - `weight`: (out, in), or (in) for a single output, whose dimension then goes.
/// - `bias`: (out), or none.
///
/// # Panics
/// If the last size of `x` is not `in`, the types differ, or they are truth values.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::linear};
/// let (x, weight, bias) = (Tensor::new([[1.0, 2.0]]), Tensor::new([[1.0, 1.0], [0.0, 1.0]]), Tensor::new([0.5, 0.0]));
/// assert_eq!(linear(&x, &weight, Some(&bias)).to_vec::<f32>(), [3.5, 2.0]);
/// ```
#[track_caller]
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    try_linear(x, weight, bias).or_raise()
}

pub(crate) fn try_linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor, ShapeError> {
    if weight.dim() == 1 {
        let bias = bias.map(|bias| bias.reshape([1]));
        return Ok(try_linear(x, &weight.unsqueeze(0), bias.as_ref())?.squeeze_dim(-1));
    }
    check(x, weight, bias)?;
    let mut sizes: Shape = x.size();
    let rank = sizes.len();
    sizes.as_mut()[rank - 1] = weight.shape()[0];
    let rows = match rank {
        1 => x.unsqueeze(0),
        2 => x.clone(),
        _ => x.flatten(..-1),
    };
    let operation = Linear { precision: autocast_precision() };
    let output = match bias {
        _ if !x.dtype().is_floating_point() => {
            let product = rows.matmul(&weight.t());
            bias.map_or_else(|| product.clone(), |bias| &product + bias)
        }
        Some(bias) => try_apply(operation, &[&rows, weight, bias])?,
        None => try_apply(operation, &[&rows, weight])?,
    };
    Ok(if rank == 2 { output } else { output.reshape(sizes) })
}

fn check(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<(), ShapeError> {
    let (shape, features) = (x.shape(), weight.shape());
    let refuse = |problem: String| Err(ShapeError::new("linear", problem));
    if weight.dim() != 2 {
        return refuse(format!("the weight must have the shape [out_features, in_features], but has {features}"));
    }
    let inputs = features[1];
    if shape.last() != Some(&inputs) {
        let problem =
            format!("the last dimension of the input must be {inputs} (in_features), but the input has shape {shape}");
        let help = match shape.last() {
            Some(last) => {
                format!("make in_features {last}, or change the layer before so that it gives {inputs} features")
            }
            None => "give the input a dimension of features".to_owned(),
        };
        return refuse(problem).map_err(|error| error.help(help));
    }
    if let Some(bias) = bias
        && *bias.shape() != [features[0]]
    {
        return refuse(format!("the bias must have the shape [{}], but has {}", features[0], bias.shape()));
    }
    let (own, given) = (weight.dtype(), x.dtype());
    if own == DType::Bool {
        return refuse("truth values have no products".to_owned())
            .map_err(|error| error.help("convert them with x.to(DType::F32) first"));
    }
    if given != own {
        return refuse(format!("the input is {given}, but the weight is {own}"))
            .map_err(|error| error.help(format!("convert the input with x.to(DType::{own:?})")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (weight, bias) = (variable([4, 3]), variable([4]));
        for shape in [&[3][..], &[2, 3], &[2, 2, 3]] {
            check(|x| linear(x[0], x[1], Some(x[2])), &[&variable(shape), &weight, &bias]);
        }
        check(|x| linear(x[0], x[1], None), &[&variable([2, 3]), &weight]);
    }

    #[test]
    fn strided_rows_are_read_in_place() {
        let (x, weight) = (variable([3, 5]), variable([2, 3]));
        let (strided, plain) = (linear(&x.t(), &weight, None), linear(&x.t().contiguous(), &weight, None));
        assert!((strided - plain).abs().max().item() < 1e-12);
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let (x, weight) = (Tensor::new([[1, 2], [3, 4]]), Tensor::new([[1, -1], [2, 0], [0, 1]]));
        assert_eq!(linear(&x, &weight, None).to_vec::<i64>(), [-1, 2, 2, -1, 6, 4]);
        let bias = Tensor::new([10, 0, 0]);
        assert_eq!(linear(&x.select(0, 1), &weight, Some(&bias)).to_vec::<i64>(), [9, 6, 4]);
    }

    #[test]
    fn rows_that_are_innermost_stay_so() {
        let (x, weight) = (variable([3, 5]), variable([2, 3]));
        let output = linear(&x.t(), &weight, None);
        assert_eq!(output.stride(), [1, 5]);
        output.square().sum().backward();
        assert!(x.grad().unwrap().is_contiguous());
    }

    #[test]
    #[should_panic(
        expected = "the last dimension of the input must be 400 (in_features), but the input has shape [64, 256]"
    )]
    fn refusal() {
        linear(&Tensor::zeros([64, 256]), &Tensor::zeros([120, 400]), None);
    }
}
