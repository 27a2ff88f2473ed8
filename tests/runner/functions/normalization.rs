//! Normalisation.

use anyhow::Result;
use jimu::nn::functional::{
    BatchNormOptions, InstanceNormOptions, batch_norm, group_norm, instance_norm, layer_norm, local_response_norm,
    rms_norm,
};
use jimu::{Shape, Tensor};

use super::{Function, one};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "nn.functional.batch_norm" => batch_norm_call,
        "nn.functional.instance_norm" => instance_norm_call,
        "nn.functional.group_norm" => |a| {
            let (input, groups): (Tensor, usize) = (a.take("input")?, a.take("num_groups")?);
            let [weight, bias] = affine(a)?;
            one(group_norm(&input, groups, weight.as_ref(), bias.as_ref(), a.or("eps", 1e-5)?))
        },
        "nn.functional.layer_norm" => |a| {
            let (input, shape): (Tensor, Shape) = (a.take("input")?, a.take("normalized_shape")?);
            let [weight, bias] = affine(a)?;
            one(layer_norm(&input, shape, weight.as_ref(), bias.as_ref(), a.or("eps", 1e-5)?))
        },
        "nn.functional.local_response_norm" => |a| {
            let (input, size): (Tensor, usize) = (a.take("input")?, a.take("size")?);
            let (alpha, beta) = (a.or("alpha", 1e-4)?, a.or("beta", 0.75)?);
            one(local_response_norm(&input, size, alpha, beta, a.or("k", 1.0)?))
        },
        "nn.functional.rms_norm" | "rms_norm" => |a| {
            let (input, shape): (Tensor, Shape) = (a.take("input")?, a.take("normalized_shape")?);
            let weight: Option<Tensor> = a.optional("weight")?;
            one(rms_norm(&input, shape, weight.as_ref(), a.optional::<f64>("eps")?))
        },
        _ => return None,
    })
}

/// `weight=None, bias=None`.
fn affine(arguments: &mut Arguments) -> Result<[Option<Tensor>; 2]> {
    Ok([arguments.optional("weight")?, arguments.optional("bias")?])
}

/// `input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5`.
fn batch_norm_call(a: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = a.take("input")?;
    let [mean, variance]: [Option<Tensor>; 2] = [a.optional("running_mean")?, a.optional("running_var")?];
    let [weight, bias] = affine(a)?;
    let options = BatchNormOptions {
        running_mean: mean.as_ref(),
        running_var: variance.as_ref(),
        weight: weight.as_ref(),
        bias: bias.as_ref(),
        training: a.or("training", false)?,
        momentum: a.or("momentum", 0.1)?,
        eps: a.or("eps", 1e-5)?,
    };
    one(batch_norm(&input, &options))
}

/// `input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5`.
fn instance_norm_call(a: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = a.take("input")?;
    let [mean, variance]: [Option<Tensor>; 2] = [a.optional("running_mean")?, a.optional("running_var")?];
    let [weight, bias] = affine(a)?;
    let options = InstanceNormOptions {
        running_mean: mean.as_ref(),
        running_var: variance.as_ref(),
        weight: weight.as_ref(),
        bias: bias.as_ref(),
        use_input_stats: a.or("use_input_stats", true)?,
        momentum: a.or("momentum", 0.1)?,
        eps: a.or("eps", 1e-5)?,
    };
    one(instance_norm(&input, &options))
}
