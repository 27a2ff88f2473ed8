//! Pooling.

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::functional::{
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_max_pool1d, adaptive_max_pool2d, avg_pool1d, avg_pool2d,
    lp_pool1d, lp_pool2d, max_pool1d_with_indices, max_pool2d_with_indices, max_unpool1d, max_unpool2d,
};
use jimu::nn::{MaxUnpool1d, MaxUnpool2d, OutputSize, Pair};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::spatial::{Last, avg_pool_options, max_pool_options, needed_size, size, stride};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "nn.functional.adaptive_avg_pool1d" => |a| {
            let input: Tensor = a.take("input")?;
            one(adaptive_avg_pool1d(&input, needed_size(a, "output_size")?))
        },
        "nn.functional.adaptive_avg_pool2d" => |a| {
            let input: Tensor = a.take("input")?;
            one(adaptive_avg_pool2d(&input, a.take::<OutputSize>("output_size")?))
        },
        "nn.functional.adaptive_max_pool1d" => |a| {
            let input: Tensor = a.take("input")?;
            let both = adaptive_max_pool1d(&input, needed_size(a, "output_size")?);
            if_wanted(a, both)
        },
        "nn.functional.adaptive_max_pool2d" => |a| {
            let input: Tensor = a.take("input")?;
            let both = adaptive_max_pool2d(&input, a.take::<OutputSize>("output_size")?);
            if_wanted(a, both)
        },
        "nn.functional.avg_pool1d" => |a| {
            let input: Tensor = a.take("input")?;
            one(avg_pool1d(&input, &avg_pool_options(a)?))
        },
        "nn.functional.avg_pool2d" => |a| {
            let input: Tensor = a.take("input")?;
            let options = avg_pool_options::<Pair>(a)?;
            one(avg_pool2d(&input, &options.divisor_override(a.optional::<isize>("divisor_override")?)))
        },
        "nn.functional.lp_pool1d" => |a| {
            let (input, norm_type): (Tensor, f64) = (a.take("input")?, a.take("norm_type")?);
            let (kernel, stride) = (needed_size(a, "kernel_size")?, stride(a)?);
            one(lp_pool1d(&input, norm_type, kernel, stride, a.or("ceil_mode", false)?))
        },
        "nn.functional.lp_pool2d" => |a| {
            let (input, norm_type): (Tensor, f64) = (a.take("input")?, a.take("norm_type")?);
            let (kernel, stride) = (needed_size::<Pair>(a, "kernel_size")?, stride(a)?);
            one(lp_pool2d(&input, norm_type, kernel, stride, a.or("ceil_mode", false)?))
        },
        // input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
        "nn.functional.max_pool1d" => |a| {
            let input: Tensor = a.take("input")?;
            let options = max_pool_options::<usize>(a)?.ceil_mode(a.or("ceil_mode", false)?);
            if_wanted(a, max_pool1d_with_indices(&input, &options))
        },
        "nn.functional.max_pool2d" => |a| {
            let input: Tensor = a.take("input")?;
            let options = max_pool_options::<Pair>(a)?.ceil_mode(a.or("ceil_mode", false)?);
            if_wanted(a, max_pool2d_with_indices(&input, &options))
        },
        "nn.functional.max_unpool1d" => max_unpool_1d,
        "nn.functional.max_unpool2d" => max_unpool_2d,
        _ => return None,
    })
}

/// `return_indices=False`.
fn if_wanted(arguments: &mut Arguments, (values, indices): (Tensor, Tensor)) -> Result<Vec<Tensor>> {
    Ok(if arguments.or("return_indices", false)? { vec![values, indices] } else { vec![values] })
}

/// `input, indices, kernel_size, stride=None, padding=0, output_size=None`.
macro_rules! max_unpool {
    ($name:ident, $function:ident, $layer:ident, $size:ty) => {
        fn $name(a: &mut Arguments) -> Result<Vec<Tensor>> {
            let (input, indices): (Tensor, Tensor) = (a.take("input")?, a.take("indices")?);
            let kernel = needed_size::<$size>(a, "kernel_size")?;
            let stride = stride::<$size>(a)?.unwrap_or(kernel);
            let padding = size::<$size>(a, "padding", 0)?;
            one(match a.optional::<Last<$size>>("output_size")? {
                Some(Last(size)) => $function(&input, &indices, size),
                None => $layer::new(kernel).stride(stride).padding(padding).forward(&input, &indices),
            })
        }
    };
}
max_unpool!(max_unpool_1d, max_unpool1d, MaxUnpool1d, usize);
max_unpool!(max_unpool_2d, max_unpool2d, MaxUnpool2d, Pair);
