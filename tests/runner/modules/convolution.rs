//! Convolutions.

use anyhow::{Result, bail};
use jimu::nn::{Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Forward, Padding, PaddingMode, Pair};

use super::{Build, Layer, no_factory};
use crate::runner::arguments::Arguments;
use crate::runner::spatial::{Last, needed_size, padding, size};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "Conv1d" => conv1d,
        "Conv2d" => conv2d,
        "ConvTranspose1d" => conv_transpose1d,
        "ConvTranspose2d" => conv_transpose2d,
        _ => return None,
    })
}

/// `in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros'`.
macro_rules! conv {
    ($name:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<Layer> {
            let (inputs, outputs) = (a.take("in_channels")?, a.take("out_channels")?);
            let layer = $layer::new(inputs, outputs, needed_size::<$size>(a, "kernel_size")?);
            let layer = layer.stride(size::<$size>(a, "stride", 1)?);
            let padding: Padding<$size> = padding(a)?;
            let layer = layer.padding(padding).dilation(size::<$size>(a, "dilation", 1)?);
            let layer = layer.groups(a.or("groups", 1)?).bias(a.or("bias", true)?).padding_mode(padding_mode(a)?);
            no_factory(a)?;
            Layer::of_input(layer)
        }
    };
}
conv!(conv1d, Conv1d, usize);
conv!(conv2d, Conv2d, Pair);

/// `in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1,
/// padding_mode='zeros'`, called with `input, output_size=None`.
macro_rules! conv_transpose {
    ($name:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<Layer> {
            let (inputs, outputs) = (a.take("in_channels")?, a.take("out_channels")?);
            let layer = $layer::new(inputs, outputs, needed_size::<$size>(a, "kernel_size")?);
            let layer = layer.stride(size::<$size>(a, "stride", 1)?).padding(size::<$size>(a, "padding", 0)?);
            let layer = layer.output_padding(size::<$size>(a, "output_padding", 0)?);
            let layer = layer.groups(a.or("groups", 1)?).bias(a.or("bias", true)?);
            let layer = layer.dilation(size::<$size>(a, "dilation", 1)?);
            a.only("padding_mode", "zeros".to_owned())?;
            no_factory(a)?;
            Layer::new(layer, |layer, call| {
                let input = call.take("input")?;
                Ok(vec![match call.optional::<Last<$size>>("output_size")? {
                    Some(Last(size)) => layer.forward_with_output_size(&input, size),
                    None => layer.forward(&input),
                }])
            })
        }
    };
}
conv_transpose!(conv_transpose1d, ConvTranspose1d, usize);
conv_transpose!(conv_transpose2d, ConvTranspose2d, Pair);

fn padding_mode(arguments: &mut Arguments) -> Result<PaddingMode> {
    Ok(match arguments.or("padding_mode", "zeros".to_owned())?.as_str() {
        "zeros" => PaddingMode::Zeros,
        "reflect" => PaddingMode::Reflect,
        "replicate" => PaddingMode::Replicate,
        "circular" => PaddingMode::Circular,
        other => bail!("argument padding_mode cannot be {other:?}"),
    })
}
