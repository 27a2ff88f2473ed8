//! Attention.

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::{AttentionMasks, MultiheadAttention};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "MultiheadAttention" => multihead_attention,
        _ => return None,
    })
}

/// `MultiheadAttention(embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None,
/// vdim=None, batch_first=False)`.
fn multihead_attention(a: &mut Arguments) -> Result<Layer> {
    let mut layer = MultiheadAttention::new(a.take("embed_dim")?, a.take("num_heads")?).dropout(a.or("dropout", 0.0)?);
    layer = layer.bias(a.or("bias", true)?).add_bias_kv(a.or("add_bias_kv", false)?);
    layer = layer.add_zero_attn(a.or("add_zero_attn", false)?);
    if let Some(kdim) = a.optional("kdim")? {
        layer = layer.kdim(kdim);
    }
    if let Some(vdim) = a.optional("vdim")? {
        layer = layer.vdim(vdim);
    }
    Layer::new(layer.batch_first(a.or("batch_first", false)?), |layer, a| {
        let (query, key): (Tensor, Tensor) = (a.take("query")?, a.take("key")?);
        let value: Tensor = a.take("value")?;
        let masks = AttentionMasks {
            key_padding_mask: a.optional("key_padding_mask")?,
            need_weights: a.or("need_weights", true)?,
            attn_mask: a.optional("attn_mask")?,
            average_attn_weights: a.or("average_attn_weights", true)?,
            is_causal: a.or("is_causal", false)?,
        };
        let (output, weights) = layer.forward_masked(&query, &key, &value, &masks);
        Ok([Some(output), weights].into_iter().flatten().collect())
    })
}
