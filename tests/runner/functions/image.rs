//! Functions on images, signals and volumes that change their size.

use anyhow::{Result, bail};
use jimu::{Dims, Interpolate, InterpolateMode, PadMode, Scalar, Tensor, Window};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::value::{FromValue, PerDim, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "nn.functional.channel_shuffle" | "channel_shuffle" => |a| shuffle(a, "groups", Tensor::channel_shuffle),
        "nn.functional.fold" => fold,
        "nn.functional.interpolate" => interpolate,
        "nn.functional.pad" => pad,
        "constant_pad_nd" => constant_pad,
        "nn.functional.pixel_shuffle" => |a| shuffle(a, "upscale_factor", Tensor::pixel_shuffle),
        "nn.functional.pixel_unshuffle" => |a| shuffle(a, "downscale_factor", Tensor::pixel_unshuffle),
        "nn.functional.unfold" => unfold,
        "nn.functional.upsample" => upsample,
        "nn.functional.upsample_bilinear" => |a| resized(a, InterpolateMode::Linear, Some(true)),
        "nn.functional.upsample_nearest" => |a| resized(a, InterpolateMode::Nearest, None),
        _ => return None,
    })
}

/// `f(input, kernel_size, dilation=1, padding=0, stride=1)`.
fn unfold(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(input.unfold(window(arguments)?))
}

/// `f(input, output_size, kernel_size, dilation=1, padding=0, stride=1)`.
fn fold(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let PerDim(size) = arguments.take("output_size")?;
    one(input.fold(size, window(arguments)?))
}

fn window(arguments: &mut Arguments) -> Result<Window> {
    let PerDim(kernel_size) = arguments.take("kernel_size")?;
    let PerDim(dilation) = arguments.or("dilation", PerDim([1; 2]))?;
    let PerDim(padding) = arguments.or("padding", PerDim([0; 2]))?;
    let PerDim(stride) = arguments.or("stride", PerDim([1; 2]))?;
    Ok(Window::new(kernel_size).dilation(dilation).padding(padding).stride(stride))
}

/// `f(input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None,
/// antialias=False)`.
fn interpolate(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let target = target(arguments)?;
    let mode = mode(&arguments.or("mode", "nearest".to_owned())?)?;
    let align_corners = arguments.optional("align_corners")?.unwrap_or(false);
    let recompute = arguments.optional("recompute_scale_factor")?.unwrap_or(false);
    let antialias = arguments.or("antialias", false)?;
    let options = target.mode(mode).align_corners(align_corners).antialias(antialias);
    one(input.interpolate(&options.recompute_scale_factor(recompute)))
}

/// `f(input, size=None, scale_factor=None, mode='nearest', align_corners=None)`.
fn upsample(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let target = target(arguments)?;
    let mode = mode(&arguments.or("mode", "nearest".to_owned())?)?;
    let align_corners = arguments.optional("align_corners")?.unwrap_or(false);
    one(input.interpolate(&target.mode(mode).align_corners(align_corners)))
}

/// `f(input, size=None, scale_factor=None)`.
fn resized(arguments: &mut Arguments, mode: InterpolateMode, align_corners: Option<bool>) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let options = target(arguments)?.mode(mode).align_corners(align_corners.unwrap_or(false));
    one(input.interpolate(&options))
}

fn target(arguments: &mut Arguments) -> Result<Interpolate> {
    let size: Option<Value> = arguments.optional("size")?;
    let scale: Option<Value> = arguments.optional("scale_factor")?;
    match (size, scale) {
        (Some(size), None) => Ok(Interpolate::to_size(each::<usize>(&size)?)),
        (None, Some(scale)) => Ok(Interpolate::by_scale(each::<f64>(&scale)?)),
        _ => bail!("one of the arguments size and scale_factor must be given"),
    }
}

/// A number, or one for each dimension.
fn each<T: FromValue>(value: &Value) -> Result<Vec<T>> {
    match value {
        Value::List(_) => FromValue::read(value),
        one => Ok(vec![T::read(one)?]),
    }
}

fn mode(name: &str) -> Result<InterpolateMode> {
    Ok(match name {
        "nearest" => InterpolateMode::Nearest,
        "nearest-exact" => InterpolateMode::NearestExact,
        "linear" | "bilinear" | "trilinear" => InterpolateMode::Linear,
        "bicubic" => InterpolateMode::Bicubic,
        "area" => InterpolateMode::Area,
        other => bail!("argument mode cannot be {other:?}"),
    })
}

/// `f(input, pad, mode='constant', value=None)`.
fn pad(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let padding: Dims = arguments.take("pad")?;
    let mode = arguments.or("mode", "constant".to_owned())?;
    let value: Option<f64> = arguments.optional("value")?;
    let mode = match (mode.as_str(), value) {
        ("constant", value) => PadMode::Constant(value.unwrap_or(0.0)),
        ("reflect", None | Some(0.0)) => PadMode::Reflect,
        ("replicate", None | Some(0.0)) => PadMode::Replicate,
        ("circular", None | Some(0.0)) => PadMode::Circular,
        (other, value) => bail!("arguments mode and value cannot be {other:?} and {value:?}"),
    };
    one(input.pad(padding, mode))
}

/// `f(input, pad, value=0)`.
fn constant_pad(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let padding: Dims = arguments.take("pad")?;
    let value = arguments.or("value", Scalar::Int(0))?;
    one(input.pad(padding, PadMode::Constant(value.to_f64())))
}

/// `f(input, factor)`.
fn shuffle(arguments: &mut Arguments, name: &str, operation: impl Fn(&Tensor, usize) -> Tensor) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    one(operation(&input, arguments.take(name)?))
}
