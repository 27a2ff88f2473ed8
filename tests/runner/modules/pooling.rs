//! Pooling.

use std::rc::Rc;

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, Block, LPPool1d,
    LPPool2d, MaxPool1d, MaxPool2d, MaxUnpool1d, MaxUnpool2d, OutputSize, Pair,
};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;
use crate::runner::spatial::{Last, needed_size, size, stride};
use crate::runner::value::Value;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "AdaptiveAvgPool1d" => |a| Layer::of_input(AdaptiveAvgPool1d::new(needed_size(a, "output_size")?)),
        "AdaptiveAvgPool2d" => |a| Layer::of_input(AdaptiveAvgPool2d::new(a.take::<OutputSize>("output_size")?)),
        "AdaptiveMaxPool1d" => |a| {
            let layer = AdaptiveMaxPool1d::new(needed_size(a, "output_size")?);
            with_indices(a, layer, AdaptiveMaxPool1d::forward_with_indices)
        },
        "AdaptiveMaxPool2d" => |a| {
            let layer = AdaptiveMaxPool2d::new(a.take::<OutputSize>("output_size")?);
            with_indices(a, layer, AdaptiveMaxPool2d::forward_with_indices)
        },
        "AvgPool1d" => |a| Layer::of_input(avg_pool1d(a)?),
        "AvgPool2d" => |a| {
            let layer = avg_pool2d(a)?;
            Layer::of_input(layer.divisor_override(a.optional::<isize>("divisor_override")?))
        },
        "LPPool1d" => |a| Layer::of_input(lp_pool1d(a)?),
        "LPPool2d" => |a| Layer::of_input(lp_pool2d(a)?),
        "MaxPool1d" => |a| {
            let layer = max_pool1d(a)?;
            with_indices_then_ceil(a, layer, MaxPool1d::ceil_mode, MaxPool1d::forward_with_indices)
        },
        "MaxPool2d" => |a| {
            let layer = max_pool2d(a)?;
            with_indices_then_ceil(a, layer, MaxPool2d::ceil_mode, MaxPool2d::forward_with_indices)
        },
        "MaxUnpool1d" => max_unpool1d,
        "MaxUnpool2d" => max_unpool2d,
        _ => return None,
    })
}

/// The layer with the stride, if one is given.
macro_rules! strided {
    ($arguments:ident, $layer:expr, $size:ty) => {
        match stride::<$size>($arguments)? {
            Some(stride) => $layer.stride(stride),
            None => $layer,
        }
    };
}

/// `kernel_size, stride=None, padding=0, dilation=1`.
macro_rules! max_pool {
    ($name:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<$layer> {
            let layer = $layer::new(needed_size::<$size>(a, "kernel_size")?);
            let layer = strided!(a, layer, $size).padding(size::<$size>(a, "padding", 0)?);
            Ok(layer.dilation(size::<$size>(a, "dilation", 1)?))
        }
    };
}
max_pool!(max_pool1d, MaxPool1d, usize);
max_pool!(max_pool2d, MaxPool2d, Pair);

/// `kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True`.
macro_rules! avg_pool {
    ($name:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<$layer> {
            let layer = $layer::new(needed_size::<$size>(a, "kernel_size")?);
            let layer = strided!(a, layer, $size).padding(size::<$size>(a, "padding", 0)?);
            Ok(layer.ceil_mode(a.or("ceil_mode", false)?).count_include_pad(a.or("count_include_pad", true)?))
        }
    };
}
avg_pool!(avg_pool1d, AvgPool1d, usize);
avg_pool!(avg_pool2d, AvgPool2d, Pair);

/// `norm_type, kernel_size, stride=None, ceil_mode=False`.
macro_rules! lp_pool {
    ($name:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<$layer> {
            let layer = $layer::new(a.take("norm_type")?, needed_size::<$size>(a, "kernel_size")?);
            Ok(strided!(a, layer, $size).ceil_mode(a.or("ceil_mode", false)?))
        }
    };
}
lp_pool!(lp_pool1d, LPPool1d, usize);
lp_pool!(lp_pool2d, LPPool2d, Pair);

/// `kernel_size, stride=None, padding=0`, called with `input, indices, output_size=None`.
macro_rules! max_unpool {
    ($name:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<Layer> {
            let layer = $layer::new(needed_size::<$size>(a, "kernel_size")?);
            let layer = strided!(a, layer, $size).padding(size::<$size>(a, "padding", 0)?);
            Layer::new(layer, |layer, call| {
                let (input, indices) = (call.take("input")?, call.take("indices")?);
                Ok(vec![match call.optional::<Last<$size>>("output_size")? {
                    Some(Last(size)) => layer.forward_with_output_size(&input, &indices, size),
                    None => layer.forward(&input, &indices),
                }])
            })
        }
    };
}
max_unpool!(max_unpool1d, MaxUnpool1d, usize);
max_unpool!(max_unpool2d, MaxUnpool2d, Pair);

/// `return_indices=False`.
fn with_indices<B: Block + 'static>(
    arguments: &mut Arguments,
    layer: B,
    both: fn(&B, &Tensor) -> (Tensor, Tensor),
) -> Result<Layer> {
    if !arguments.or("return_indices", false)? {
        return Layer::of_input(layer);
    }
    let module = Rc::new(layer);
    let called = Rc::clone(&module);
    let call = move |arguments: &mut Arguments| {
        let (values, indices) = both(&called, &arguments.take("input")?);
        Ok(vec![values, indices])
    };
    Ok(Layer { module, call: Box::new(call) })
}

/// `return_indices=False, ceil_mode=False`.
fn with_indices_then_ceil<B: Block + 'static>(
    arguments: &mut Arguments,
    layer: B,
    ceil_mode: fn(B, bool) -> B,
    both: fn(&B, &Tensor) -> (Tensor, Tensor),
) -> Result<Layer> {
    let indices = arguments.or("return_indices", false)?;
    let layer = ceil_mode(layer, arguments.or("ceil_mode", false)?);
    with_indices(&mut Arguments::new(vec![Value::Bool(indices)], Default::default()), layer, both)
}
