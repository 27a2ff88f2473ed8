//! The masks of attention.

use crate::dtype::DType;
use crate::tensor::Tensor;

/// The masks of a [`TransformerEncoder`](super::TransformerEncoder) and its layers: none by default. Truth values are true
/// where attention is not allowed; real numbers are added to the scores.
#[derive(Clone, Debug, Default)]
pub struct EncoderMasks {
    /// Which steps each step attends to: (l, l), or (n · heads, l, l).
    pub src_mask: Option<Tensor>,
    /// Steps that nobody attends to: (n, l), or (l) without a batch.
    pub src_key_padding_mask: Option<Tensor>,
    /// Whether `src_mask` is known to be causal: a hint that changes no value.
    pub is_causal: bool,
}

/// The masks of a [`TransformerDecoder`](super::TransformerDecoder) and its layers: none by default. Truth values are true
/// where attention is not allowed; real numbers are added to the scores.
#[derive(Clone, Debug, Default)]
pub struct DecoderMasks {
    /// Which target steps each target step attends to: (l, l), or (n · heads, l, l).
    pub tgt_mask: Option<Tensor>,
    /// Which steps of the memory each target step attends to: (l, s), or (n · heads, l, s).
    pub memory_mask: Option<Tensor>,
    /// Target steps that nobody attends to: (n, l), or (l) without a batch.
    pub tgt_key_padding_mask: Option<Tensor>,
    /// Steps of the memory that nobody attends to: (n, s), or (s) without a batch.
    pub memory_key_padding_mask: Option<Tensor>,
    /// Whether `tgt_mask` is known to be causal: a hint that changes no value.
    pub tgt_is_causal: bool,
    /// Whether `memory_mask` is: likewise.
    pub memory_is_causal: bool,
}

/// The masks of a [`Transformer`](super::Transformer), as of its encoder and its decoder.
#[derive(Clone, Debug, Default)]
pub struct TransformerMasks {
    /// Of the encoder.
    pub encoder: EncoderMasks,
    /// Of the decoder.
    pub decoder: DecoderMasks,
}

/// A mask as what is added to the scores: 0 where attention is allowed, minus infinity where not.
pub(super) fn additive(mask: &Tensor, dtype: DType) -> Tensor {
    match mask.dtype() {
        DType::Bool => Tensor::zeros_of(mask.size(), dtype).masked_fill(mask, f64::NEG_INFINITY),
        _ => mask.clone(),
    }
}

/// The sum of two masks.
pub(super) fn merge(first: Option<Tensor>, second: Option<Tensor>) -> Option<Tensor> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first + second),
        (first, second) => first.or(second),
    }
}

/// Minus infinity above the diagonal of a square, 0 elsewhere: step i attends to steps 0 to i.
pub(super) fn causal(size: usize) -> Tensor {
    Tensor::full([size, size], f64::NEG_INFINITY).triu(1)
}
