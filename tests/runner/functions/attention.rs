//! Tables, attention, distances, dropout and the layers of two inputs.

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::functional::{self, AttentionOptions, EmbeddingOptions};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::torch_random::bernoulli;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name.strip_prefix("nn.functional.")? {
        "alpha_dropout" => |a| dropout(a, false, functional::alpha_dropout),
        "bilinear" => bilinear,
        "cosine_similarity" => cosine_similarity,
        "dropout" => |a| dropout(a, true, functional::dropout),
        "dropout1d" => |a| dropout(a, true, functional::dropout1d),
        "dropout2d" => |a| dropout(a, true, functional::dropout2d),
        "dropout3d" => |a| dropout(a, true, functional::dropout3d),
        "embedding" => embedding,
        "feature_alpha_dropout" => |a| dropout(a, false, functional::feature_alpha_dropout),
        "pairwise_distance" => pairwise_distance,
        "prelu" => |a| {
            let (input, weight): (Tensor, Tensor) = (a.take("input")?, a.take("weight")?);
            one(functional::prelu(&input, &weight))
        },
        "rrelu" => rrelu,
        "scaled_dot_product_attention" => scaled_dot_product_attention,
        _ => return None,
    })
}

/// `f(input, p=0.5, training=TRAINING, inplace=False)`.
fn dropout(
    arguments: &mut Arguments,
    training: bool,
    operation: impl Fn(&Tensor, f64, bool) -> Tensor,
) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (p, training) = (arguments.or("p", 0.5)?, arguments.or("training", training)?);
    arguments.or("inplace", false)?;
    one(operation(&input, p, training))
}

fn bilinear(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x1, x2): (Tensor, Tensor) = (arguments.take("input1")?, arguments.take("input2")?);
    let (weight, bias): (Tensor, Option<Tensor>) = (arguments.take("weight")?, arguments.optional("bias")?);
    one(functional::bilinear(&x1, &x2, &weight, bias.as_ref()))
}

fn cosine_similarity(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x1, x2): (Tensor, Tensor) = (arguments.take("x1")?, arguments.take("x2")?);
    one(functional::cosine_similarity(&x1, &x2, arguments.or("dim", 1)?, arguments.or("eps", 1e-8)?))
}

/// `embedding(weight, input, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)`.
fn embedding(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (weight, indices): (Tensor, Tensor) = (arguments.take("weight")?, arguments.take("input")?);
    let options = EmbeddingOptions {
        padding_idx: arguments.optional("padding_idx")?,
        max_norm: arguments.optional("max_norm")?,
        norm_type: arguments.or("norm_type", 2.0)?,
        scale_grad_by_freq: arguments.or("scale_grad_by_freq", false)?,
    };
    arguments.only("sparse", false)?;
    one(functional::embedding(&indices, &weight, &options))
}

fn pairwise_distance(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x1, x2): (Tensor, Tensor) = (arguments.take("x1")?, arguments.take("x2")?);
    let (p, eps) = (arguments.or("p", 2.0)?, arguments.or("eps", 1e-6)?);
    one(functional::pairwise_distance(&x1, &x2, p, eps, arguments.or("keepdim", false)?))
}

fn rrelu(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let input: Tensor = arguments.take("input")?;
    let (lower, upper) = (arguments.or("lower", 1.0 / 8.0)?, arguments.or("upper", 1.0 / 3.0)?);
    let training = arguments.or("training", false)?;
    arguments.or("inplace", false)?;
    one(functional::rrelu(&input, lower, upper, training))
}

/// `scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None,
/// enable_gqa=False)`.
fn scaled_dot_product_attention(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (query, key): (Tensor, Tensor) = (arguments.take("query")?, arguments.take("key")?);
    let value: Tensor = arguments.take("value")?;
    let options = AttentionOptions {
        attn_mask: arguments.optional("attn_mask")?,
        dropout_p: arguments.or("dropout_p", 0.0)?,
        is_causal: arguments.or("is_causal", false)?,
        scale: arguments.optional("scale")?,
        enable_gqa: arguments.or("enable_gqa", false)?,
    };
    if options.dropout_p > 0.0 {
        return one(attention_with_pytorch_dropout(&query, &key, &value, options));
    }
    one(functional::scaled_dot_product_attention(&query, &key, &value, &options))
}

/// The weights that jimu computes, dropped as PyTorch's generator has it, times the values: what is dropped is random, and
/// jimu draws other numbers.
fn attention_with_pytorch_dropout(query: &Tensor, key: &Tensor, value: &Tensor, options: AttentionOptions) -> Tensor {
    let (keys, kept) = (value.shape()[value.dim() - 2], 1.0 - options.dropout_p);
    let mut each_key = value.size().to_vec();
    each_key[value.dim() - 1] = keys;
    let each_key = Tensor::eye(keys).to(value.dtype()).expand(each_key);
    let enable_gqa = options.enable_gqa;
    let undropped = AttentionOptions { dropout_p: 0.0, ..options };
    let weights = functional::scaled_dot_product_attention(query, key, &each_key, &undropped);
    let mask = bernoulli(&weights, kept) / kept;
    let heads = |x: &Tensor| if x.dim() < 3 { 1 } else { x.shape()[x.dim() - 3] };
    match enable_gqa {
        true => (weights * mask).matmul(&value.repeat_interleave(heads(query) / heads(value), -3)),
        false => (weights * mask).matmul(value),
    }
}
