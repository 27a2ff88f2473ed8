//! Transformers.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::nn::{
    DecoderMasks, EncoderMasks, Transformer, TransformerActivation, TransformerDecoderLayer, TransformerEncoderLayer,
    TransformerMasks, TransformerOptions,
};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;
use crate::runner::value::Value;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "Transformer" => transformer,
        "TransformerDecoderLayer" => decoder_layer,
        "TransformerEncoderLayer" => encoder_layer,
        _ => return None,
    })
}

/// `activation='relu'`.
fn activation(a: &mut Arguments) -> Result<TransformerActivation> {
    Ok(match a.or("activation", "relu".to_owned())?.as_str() {
        "relu" => TransformerActivation::Relu,
        "gelu" => TransformerActivation::Gelu,
        other => bail!("argument activation cannot be {other:?}"),
    })
}

/// `Class(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, batch_first=False,
/// norm_first=False, bias=True)`.
macro_rules! layer {
    ($class:ident, $a:ident) => {
        $class::new($a.take("d_model")?, $a.take("nhead")?)
            .dim_feedforward($a.or("dim_feedforward", 2048)?)
            .dropout($a.or("dropout", 0.1)?)
            .activation(activation($a)?)
            .layer_norm_eps($a.or("layer_norm_eps", 1e-5)?)
            .batch_first($a.or("batch_first", false)?)
            .norm_first($a.or("norm_first", false)?)
            .bias($a.or("bias", true)?)
    };
}

fn encoder_layer(a: &mut Arguments) -> Result<Layer> {
    Layer::new(layer!(TransformerEncoderLayer, a), |layer, a| {
        let source: Tensor = a.take("src")?;
        let masks = EncoderMasks {
            src_mask: a.optional("src_mask")?,
            src_key_padding_mask: a.optional("src_key_padding_mask")?,
            is_causal: a.or("is_causal", false)?,
        };
        Ok(vec![layer.forward_masked(&source, &masks)])
    })
}

fn decoder_layer(a: &mut Arguments) -> Result<Layer> {
    Layer::new(layer!(TransformerDecoderLayer, a), |layer, a| {
        let (target, memory): (Tensor, Tensor) = (a.take("tgt")?, a.take("memory")?);
        let masks = DecoderMasks {
            tgt_mask: a.optional("tgt_mask")?,
            memory_mask: a.optional("memory_mask")?,
            tgt_key_padding_mask: a.optional("tgt_key_padding_mask")?,
            memory_key_padding_mask: a.optional("memory_key_padding_mask")?,
            tgt_is_causal: a.or("tgt_is_causal", false)?,
            memory_is_causal: a.or("memory_is_causal", false)?,
        };
        Ok(vec![layer.forward_masked(&target, &memory, &masks)])
    })
}

/// `Transformer(d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1,
/// activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, batch_first=False,
/// norm_first=False, bias=True)`.
fn transformer(a: &mut Arguments) -> Result<Layer> {
    let (d_model, nhead) = (a.or("d_model", 512)?, a.or("nhead", 8)?);
    let (num_encoder_layers, num_decoder_layers) = (a.or("num_encoder_layers", 6)?, a.or("num_decoder_layers", 6)?);
    let (dim_feedforward, dropout) = (a.or("dim_feedforward", 2048)?, a.or("dropout", 0.1)?);
    let activation = activation(a)?;
    for name in ["custom_encoder", "custom_decoder"] {
        if !matches!(a.or(name, Value::None)?, Value::None) {
            bail!("argument {name} cannot be given yet");
        }
    }
    let model = Transformer::new(TransformerOptions {
        d_model,
        nhead,
        num_encoder_layers,
        num_decoder_layers,
        dim_feedforward,
        dropout,
        activation,
        custom_encoder: None,
        custom_decoder: None,
        layer_norm_eps: a.or("layer_norm_eps", 1e-5)?,
        batch_first: a.or("batch_first", false)?,
        norm_first: a.or("norm_first", false)?,
        bias: a.or("bias", true)?,
    });
    Layer::new(model, |model, a| {
        let (source, target): (Tensor, Tensor) = (a.take("src")?, a.take("tgt")?);
        let (src_mask, tgt_mask) = (a.optional("src_mask")?, a.optional("tgt_mask")?);
        let memory_mask = a.optional("memory_mask")?;
        let src_key_padding_mask = a.optional("src_key_padding_mask")?;
        let tgt_key_padding_mask = a.optional("tgt_key_padding_mask")?;
        let memory_key_padding_mask = a.optional("memory_key_padding_mask")?;
        let is_causal = a.optional("src_is_causal")?.unwrap_or(false);
        let tgt_is_causal = a.optional("tgt_is_causal")?.unwrap_or(false);
        let memory_is_causal = a.or("memory_is_causal", false)?;
        let masks = TransformerMasks {
            encoder: EncoderMasks { src_mask, src_key_padding_mask, is_causal },
            decoder: DecoderMasks {
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                tgt_is_causal,
                memory_is_causal,
            },
        };
        Ok(vec![model.forward_masked(&source, &target, &masks)])
    })
}
