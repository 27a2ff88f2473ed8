//! Convolutions.

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::functional::{conv_transpose1d, conv_transpose2d, conv1d, conv2d};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::spatial::{conv_options, conv_transpose_options};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "nn.functional.conv1d" => |a| {
            let (input, weight, bias) = tensors(a)?;
            one(conv1d(&input, &weight, bias.as_ref(), &conv_options(a)?))
        },
        "nn.functional.conv2d" => |a| {
            let (input, weight, bias) = tensors(a)?;
            one(conv2d(&input, &weight, bias.as_ref(), &conv_options(a)?))
        },
        "nn.functional.conv_transpose1d" => |a| {
            let (input, weight, bias) = tensors(a)?;
            one(conv_transpose1d(&input, &weight, bias.as_ref(), &conv_transpose_options(a)?))
        },
        "nn.functional.conv_transpose2d" => |a| {
            let (input, weight, bias) = tensors(a)?;
            one(conv_transpose2d(&input, &weight, bias.as_ref(), &conv_transpose_options(a)?))
        },
        _ => return None,
    })
}

/// `input, weight, bias=None`.
fn tensors(arguments: &mut Arguments) -> Result<(Tensor, Tensor, Option<Tensor>)> {
    Ok((arguments.take("input")?, arguments.take("weight")?, arguments.optional("bias")?))
}
