//! Layers that change the size of images or move their pixels.

use anyhow::{Result, bail};
use jimu::InterpolateMode;
use jimu::nn::{
    ChannelShuffle, Fold, Pair, PixelShuffle, PixelUnshuffle, Unfold, Upsample, UpsamplingBilinear2d,
    UpsamplingNearest2d,
};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;
use crate::runner::value::{FromValue, Value};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "ChannelShuffle" => |a| Layer::of_input(ChannelShuffle::new(a.take("groups")?)),
        "Fold" => |a| {
            let layer = Fold::new(a.take::<Pair>("output_size")?, a.take::<Pair>("kernel_size")?);
            let layer = layer.dilation(pair(a, "dilation", 1)?).padding(pair(a, "padding", 0)?);
            Layer::of_input(layer.stride(pair(a, "stride", 1)?))
        },
        "PixelShuffle" => |a| Layer::of_input(PixelShuffle::new(a.take("upscale_factor")?)),
        "PixelUnshuffle" => |a| Layer::of_input(PixelUnshuffle::new(a.take("downscale_factor")?)),
        "Unfold" => |a| {
            let layer = Unfold::new(a.take::<Pair>("kernel_size")?);
            let layer = layer.dilation(pair(a, "dilation", 1)?).padding(pair(a, "padding", 0)?);
            Layer::of_input(layer.stride(pair(a, "stride", 1)?))
        },
        "Upsample" => upsample,
        "UpsamplingBilinear2d" => |a| {
            Layer::of_input(match target(a)? {
                Target::Size(sizes) => UpsamplingBilinear2d::to_size(sizes),
                Target::Scale(factors) => UpsamplingBilinear2d::by_scale(factors),
            })
        },
        "UpsamplingNearest2d" => |a| {
            Layer::of_input(match target(a)? {
                Target::Size(sizes) => UpsamplingNearest2d::to_size(sizes),
                Target::Scale(factors) => UpsamplingNearest2d::by_scale(factors),
            })
        },
        _ => return None,
    })
}

fn pair(arguments: &mut Arguments, name: &str, default: usize) -> Result<Pair> {
    arguments.or(name, Pair::from(default))
}

enum Target {
    Size(Vec<usize>),
    Scale(Vec<f64>),
}

/// `size=None, scale_factor=None`.
fn target(arguments: &mut Arguments) -> Result<Target> {
    let (size, scale) = (arguments.or("size", Value::None)?, arguments.or("scale_factor", Value::None)?);
    Ok(match (size, scale) {
        (Value::None, scale) => Target::Scale(one_or_more(&scale)?),
        (size, Value::None) => Target::Size(one_or_more(&size)?),
        _ => bail!("size and scale_factor are given"),
    })
}

fn one_or_more<T: FromValue>(value: &Value) -> Result<Vec<T>> {
    match value {
        Value::List(_) => Vec::read(value),
        one => Ok(vec![T::read(one)?]),
    }
}

/// `size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None`.
fn upsample(arguments: &mut Arguments) -> Result<Layer> {
    let layer = match target(arguments)? {
        Target::Size(sizes) => Upsample::to_size(sizes),
        Target::Scale(factors) => Upsample::by_scale(factors),
    };
    let mode = match arguments.or("mode", "nearest".to_owned())?.as_str() {
        "nearest" => InterpolateMode::Nearest,
        "nearest-exact" => InterpolateMode::NearestExact,
        "linear" | "bilinear" | "trilinear" => InterpolateMode::Linear,
        "bicubic" => InterpolateMode::Bicubic,
        "area" => InterpolateMode::Area,
        other => bail!("argument mode cannot be {other:?}"),
    };
    let layer = layer.mode(mode).align_corners(arguments.optional("align_corners")?.unwrap_or(false));
    Layer::of_input(layer.recompute_scale_factor(arguments.optional("recompute_scale_factor")?.unwrap_or(false)))
}
