//! Tables, layers of two inputs, and dropout.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::nn::functional::EmbeddingBagMode;
use jimu::nn::{
    AlphaDropout, Bilinear, Block, CosineSimilarity, Dropout, Dropout1d, Dropout2d, Dropout3d, Embedding, EmbeddingBag,
    FeatureAlphaDropout, PairwiseDistance,
};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "AlphaDropout" => |a| dropout(a, AlphaDropout::new),
        "Bilinear" => bilinear,
        "CosineSimilarity" => |a| {
            let layer = CosineSimilarity::new().dim(a.or("dim", 1)?).eps(a.or("eps", 1e-8)?);
            Layer::new(layer, |layer, a| {
                let (x1, x2): (Tensor, Tensor) = (a.take("x1")?, a.take("x2")?);
                Ok(vec![layer.forward(&x1, &x2)])
            })
        },
        "Dropout" => |a| dropout(a, Dropout::new),
        "Dropout1d" => |a| dropout(a, Dropout1d::new),
        "Dropout2d" => |a| dropout(a, Dropout2d::new),
        "Dropout3d" => |a| dropout(a, Dropout3d::new),
        "Embedding" => embedding,
        "EmbeddingBag" => embedding_bag,
        "FeatureAlphaDropout" => |a| dropout(a, FeatureAlphaDropout::new),
        "PairwiseDistance" => |a| {
            let layer = PairwiseDistance::new().p(a.or("p", 2.0)?).eps(a.or("eps", 1e-6)?);
            Layer::new(layer.keepdim(a.or("keepdim", false)?), |layer, a| {
                let (x1, x2): (Tensor, Tensor) = (a.take("x1")?, a.take("x2")?);
                Ok(vec![layer.forward(&x1, &x2)])
            })
        },
        _ => return None,
    })
}

/// `Class(p=0.5, inplace=False)`.
fn dropout<B: Block + 'static>(arguments: &mut Arguments, new: fn(f64) -> B) -> Result<Layer> {
    let p = arguments.or("p", 0.5)?;
    arguments.or("inplace", false)?;
    Layer::of_input(new(p))
}

fn bilinear(arguments: &mut Arguments) -> Result<Layer> {
    let (in1, in2) = (arguments.take("in1_features")?, arguments.take("in2_features")?);
    let layer = Bilinear::new(in1, in2, arguments.take("out_features")?).bias(arguments.or("bias", true)?);
    Layer::new(layer, |layer, a| {
        let (x1, x2): (Tensor, Tensor) = (a.take("input1")?, a.take("input2")?);
        Ok(vec![layer.forward(&x1, &x2)])
    })
}

/// `Embedding(num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
/// sparse=False, _weight=None, _freeze=False)`.
fn embedding(arguments: &mut Arguments) -> Result<Layer> {
    let mut layer = Embedding::new(arguments.take("num_embeddings")?, arguments.take("embedding_dim")?);
    if let Some(padding_idx) = arguments.optional("padding_idx")? {
        layer = layer.padding_idx(padding_idx);
    }
    if let Some(max_norm) = arguments.optional("max_norm")? {
        layer = layer.max_norm(max_norm);
    }
    layer = layer.norm_type(arguments.or("norm_type", 2.0)?);
    layer = layer.scale_grad_by_freq(arguments.or("scale_grad_by_freq", false)?);
    arguments.only("sparse", false)?;
    Layer::of_input(layer)
}

/// `EmbeddingBag(num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean',
/// sparse=False, _weight=None, include_last_offset=False, padding_idx=None)`.
fn embedding_bag(arguments: &mut Arguments) -> Result<Layer> {
    let mut layer = EmbeddingBag::new(arguments.take("num_embeddings")?, arguments.take("embedding_dim")?);
    if let Some(max_norm) = arguments.optional("max_norm")? {
        layer = layer.max_norm(max_norm);
    }
    layer = layer.norm_type(arguments.or("norm_type", 2.0)?);
    layer = layer.scale_grad_by_freq(arguments.or("scale_grad_by_freq", false)?);
    layer = layer.mode(match arguments.or("mode", "mean".to_owned())?.as_str() {
        "sum" => EmbeddingBagMode::Sum,
        "mean" => EmbeddingBagMode::Mean,
        "max" => EmbeddingBagMode::Max,
        other => bail!("argument mode cannot be {other:?}"),
    });
    arguments.only("sparse", false)?;
    layer = layer.include_last_offset(arguments.or("include_last_offset", false)?);
    if let Some(padding_idx) = arguments.optional("padding_idx")? {
        layer = layer.padding_idx(padding_idx);
    }
    Layer::new(layer, |layer, a| {
        let (x, offsets): (Tensor, Option<Tensor>) = (a.take("input")?, a.optional("offsets")?);
        Ok(vec![match a.optional::<Tensor>("per_sample_weights")? {
            Some(weights) => layer.forward_weighted(&x, offsets.as_ref(), &weights),
            None => layer.forward(&x, offsets.as_ref()),
        }])
    })
}
