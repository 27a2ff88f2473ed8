//! `conv_transpose2d`: the derivative of a convolution by its input, as an operation of its own right.

use jimu_kernels::conv2d::{self as kernels, Geometry};

use super::conv_options::ConvTransposeOptions;
use super::conv2d::{InputGradient, check_channels, check_options, filters};
use super::images::{Images, shown};
use super::pair::Extent;
use crate::autograd::try_apply;
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::PadMode;
use crate::tensor::Tensor;

/// The transposed convolution of images, plus the bias: every pixel of the input, times the filter, is added to the
/// output, neighbouring pixels `stride` apart:
/// [`torch.nn.functional.conv_transpose2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html).
/// The layer is [`ConvTranspose2d`](crate::nn::ConvTranspose2d).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w); `weight`: (c, o / groups, kh, kw); `bias`: (o).
/// - Output: (n, o, h', w') or without n; h' = (h - 1)·stride - 2·padding + dilation·(kh - 1) + output_padding + 1, w'
///   likewise.
///
/// # Panics
/// If the shapes, types or options do not fit, or nothing would be left of the output.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{ConvTransposeOptions, conv_transpose2d};
/// use jimu::Tensor;
/// let (x, weight) = (Tensor::new([[[[1.0, 2.0]]]]), Tensor::new([[[[1.0, 10.0]]]]));
/// let y = conv_transpose2d(&x, &weight, None, &ConvTransposeOptions::new());
/// assert_eq!(y.to_vec::<f32>(), [1.0, 12.0, 20.0]);
/// ```
#[track_caller]
pub fn conv_transpose2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: &ConvTransposeOptions) -> Tensor {
    try_conv_transpose("conv_transpose2d", x, weight, bias, options).or_raise()
}

/// A transposed convolution of signals or images; `name` is the function's.
pub(crate) fn try_conv_transpose<S: Extent>(
    name: &str,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &ConvTransposeOptions<S>,
) -> Result<Tensor, ShapeError> {
    let x = Images::of::<S>(x, name)?;
    let weight = &filters::<S>(weight, name, "in_channels, out_channels / groups")?;
    let (inputs, outputs) = (weight.shape()[0], weight.shape()[1] * options.groups);
    check_options(name, inputs, options.groups, [options.stride, options.dilation])?;
    check_channels(name, &x, weight, bias, [inputs, outputs])?;
    let geometry = geometry(name, &x, weight, options)?;
    let images = reaching(&x.images, geometry.output());
    let y = try_apply(InputGradient { geometry, path: kernels::plan(&geometry) }, &[&images, weight])?;
    Ok(x.back(&match bias {
        Some(bias) => y + bias.reshape([1, -1, 1, 1]),
        None => y,
    }))
}

/// The convolution whose derivative this is.
fn geometry<S: Extent>(
    name: &str,
    x: &Images,
    weight: &Tensor,
    options: &ConvTransposeOptions<S>,
) -> Result<Geometry, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new(name, problem).help(help));
    let (sizes, filters) = (x.images.shape(), weight.shape());
    let (stride, dilation) = (options.stride.height_and_width(1), options.dilation.height_and_width(1));
    let (padding, extra) = (options.padding.height_and_width(0), options.output_padding.height_and_width(0));
    if (0..2).any(|axis| extra[axis] > 0 && extra[axis] >= stride[axis].max(dilation[axis])) {
        return refuse(
            format!(
                "the output_padding {} is not smaller than the stride {} or the dilation {}",
                shown::<S>(extra),
                shown::<S>(stride),
                shown::<S>(dilation)
            ),
            "choose a smaller one: it only tells apart the sizes that a convolution takes to this one",
        );
    }
    let kernel = [filters[2], filters[3]];
    let size = [0, 1].map(|axis| {
        let reach = dilation[axis] * (kernel[axis] - 1) + 1;
        let steps = sizes[2 + axis].checked_sub(1)? * stride[axis];
        (steps + reach + extra[axis]).checked_sub(2 * padding[axis]).filter(|&size| size > 0)
    });
    let [Some(height), Some(width)] = size else {
        return refuse(
            format!(
                "a padding of {} leaves nothing of the output for an input of shape {}",
                shown::<S>(padding),
                x.shape()
            ),
            "use less padding",
        );
    };
    Ok(Geometry {
        batch: sizes[0],
        in_channels: filters[1] * options.groups,
        out_channels: filters[0],
        groups: options.groups,
        input: [height, width],
        kernel,
        stride,
        padding: padding.map(|padding| [padding; 2]),
        dilation,
    })
}

/// `x` with zeros below and to the right up to `size`: an output padding of a stride or more makes room for windows
/// that no pixel of the input stands for.
fn reaching(x: &Tensor, size: [usize; 2]) -> Tensor {
    let [below, right] = [0, 1].map(|axis| size[axis] - x.shape()[2 + axis]);
    match [below, right] {
        [0, 0] => x.clone(),
        _ => x.pad([0, right, 0, below], PadMode::Constant(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives_on_every_path() {
        let cases: [(_, _, ConvTransposeOptions); 4] = [
            ([8, 2, 3, 3], [2, 1, 2, 3], ConvTransposeOptions::new()),
            ([1, 2, 2, 3], [2, 1, 3, 3], ConvTransposeOptions::new().stride(2).padding(1).output_padding((1, 0))),
            ([1, 2, 2, 2], [2, 1, 2, 2], ConvTransposeOptions::new().groups(2).dilation((1, 2))),
            ([1, 1, 2, 2], [1, 1, 2, 2], ConvTransposeOptions::new().dilation(3).output_padding(2)),
        ];
        for (x, weight, options) in cases {
            let bias = variable([weight[1] * options.groups]);
            let (x, weight) = (variable(x), variable(weight));
            check(|i| conv_transpose2d(i[0], i[1], Some(i[2]), &options), &[&x, &weight, &bias]);
        }
    }

    #[test]
    fn more_padding_than_kernel_cuts_into_the_image() {
        let x = Tensor::arange(0, 9).to(crate::DType::F32).reshape([1, 3, 3]);
        let y = conv_transpose2d(&x, &Tensor::ones([1, 1, 1, 1]), None, &ConvTransposeOptions::new().padding(1));
        assert_eq!(y.to_vec::<f32>(), [4.0]);
    }

    #[test]
    fn refusals() {
        let says = |options: ConvTransposeOptions, text: &str| {
            let (x, weight) = (Tensor::zeros([1, 2, 2]), Tensor::zeros([1, 1, 2, 2]));
            let error = try_conv_transpose("conv_transpose2d", &x, &weight, None, &options).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        };
        let plain = ConvTransposeOptions::new();
        says(plain.output_padding(1), "the output_padding 1x1 is not smaller than the stride 1x1");
        says(plain.padding(2), "a padding of 2x2 leaves nothing of the output for an input of shape [1, 2, 2]");
        says(plain.groups(2), "1 channels do not divide into 2 groups");
    }
}
