//! `TransformerDecoderLayer`.

use super::TransformerOptions;
use super::activation::TransformerActivation;
use super::layer::transformer_layer;
use super::masks::DecoderMasks;
use super::multihead_attention::{AttentionMasks, MultiheadAttention};
use crate::error::{ShapeError, raise};
use crate::nn::{Dropout, Forward, LayerNorm, Linear, Module};
use crate::tensor::Tensor;

/// Self-attention, attention to the encoder's output (the memory), then two linear layers, each with a residual connection
/// and a normalisation:
/// [`torch.nn.TransformerDecoderLayer`](https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html)
/// (Vaswani et al., *Attention is all you need*, 2017).
///
/// ```text
/// x = norm1(x + dropout1(self_attn(x)))                                       x + dropout1(self_attn(norm1(x)))
/// x = norm2(x + dropout2(multihead_attn(x, memory)))                          … with norm_first
/// x = norm3(x + dropout3(linear2(dropout(activation(linear1(x))))))
/// ```
///
/// # Args
/// - `d_model`: the size of each step.
/// - `nhead`: the number of heads, which divides it.
/// - [`dim_feedforward`](Self::dim_feedforward()): the size between the two linear layers, by default 2048.
/// - [`dropout`](Self::dropout()): the probability of every dropout, by default 0.1.
/// - [`activation`](Self::activation()): `"relu"`, the default, `"gelu"`, or a function.
/// - [`layer_norm_eps`](Self::layer_norm_eps()): the eps of the normalisations, by default 1e-5.
/// - [`batch_first`](Self::batch_first()): whether inputs and outputs are (n, l, …) instead of (l, n, …), by default no.
/// - [`norm_first`](Self::norm_first()): whether the normalisations come before attention and linear layers instead of
///   after, by default no.
/// - [`bias`](Self::bias()): whether linear layers and normalisations have biases, by default yes.
///
/// # Shape
/// - Target: (l, n, d_model) or (l, d_model); memory: (s, n, d_model) or (s, d_model); output: as the target.
///
/// # Attributes
/// `self_attn`, `multihead_attn`, `linear1`, `dropout`, `linear2`, `norm1` to `norm3`, `dropout1` to `dropout3`: as the
/// layers themselves.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::TransformerDecoderLayer};
/// let layer = TransformerDecoderLayer::new(16, 4).dim_feedforward(32);
/// let (target, memory) = (Tensor::randn([5, 2, 16]), Tensor::randn([7, 2, 16]));
/// assert_eq!(layer.forward(&target, &memory).size(), [5, 2, 16]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoderLayer {
    /// Each target step attends to the others.
    pub self_attn: MultiheadAttention,
    /// Each target step attends to the memory.
    pub multihead_attn: MultiheadAttention,
    /// From d_model to dim_feedforward.
    pub linear1: Linear,
    /// Between the linear layers.
    pub dropout: Dropout,
    /// And back.
    pub linear2: Linear,
    /// With the self-attention.
    pub norm1: LayerNorm,
    /// With the attention to the memory.
    pub norm2: LayerNorm,
    /// With the linear layers.
    pub norm3: LayerNorm,
    /// After the self-attention.
    pub dropout1: Dropout,
    /// After the attention to the memory.
    pub dropout2: Dropout,
    /// After the linear layers.
    pub dropout3: Dropout,
    #[module(skip)]
    activation: TransformerActivation,
    d_model: usize,
    layer_norm_eps: f64,
    norm_first: bool,
    with_bias: bool,
}

transformer_layer! {
    TransformerDecoderLayer,
    attentions: [self_attn, multihead_attn],
    norms: [norm1, norm2, norm3],
    dropouts: [dropout, dropout1, dropout2, dropout3]
}

impl TransformerDecoderLayer {
    /// The output for the target `x` and the encoder's output `memory`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, memory: &Tensor) -> Tensor {
        self.forward_masked(x, memory, &DecoderMasks::default())
    }

    /// The output under masks.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward_masked(&self, x: &Tensor, memory: &Tensor, masks: &DecoderMasks) -> Tensor {
        if self.norm_first {
            let x = x + self.attend(&self.norm1.forward(x), masks);
            let x = &x + self.attend_to_memory(&self.norm2.forward(&x), memory, masks);
            return &x + self.feed_forward(&self.norm3.forward(&x));
        }
        let x = self.norm1.forward(&(x + self.attend(x, masks)));
        let x = self.norm2.forward(&(&x + self.attend_to_memory(&x, memory, masks)));
        self.norm3.forward(&(&x + self.feed_forward(&x)))
    }

    #[track_caller]
    fn attend(&self, x: &Tensor, masks: &DecoderMasks) -> Tensor {
        let masks = AttentionMasks {
            attn_mask: masks.tgt_mask.clone(),
            key_padding_mask: masks.tgt_key_padding_mask.clone(),
            need_weights: false,
            is_causal: masks.tgt_is_causal,
            ..Default::default()
        };
        self.dropout1.forward(&self.self_attn.forward_masked(x, x, x, &masks).0)
    }

    #[track_caller]
    fn attend_to_memory(&self, x: &Tensor, memory: &Tensor, masks: &DecoderMasks) -> Tensor {
        let masks = AttentionMasks {
            attn_mask: masks.memory_mask.clone(),
            key_padding_mask: masks.memory_key_padding_mask.clone(),
            need_weights: false,
            is_causal: masks.memory_is_causal,
            ..Default::default()
        };
        self.dropout2.forward(&self.multihead_attn.forward_masked(x, memory, memory, &masks).0)
    }

    #[track_caller]
    fn feed_forward(&self, x: &Tensor) -> Tensor {
        let hidden = self.dropout.forward(&self.activation.apply(&self.linear1.forward(x)));
        self.dropout3.forward(&self.linear2.forward(&hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_can_come_in_any_order() {
        let layer = TransformerDecoderLayer::new(4, 2).bias(false).dim_feedforward(8).layer_norm_eps(1e-3);
        assert_eq!(layer.named_parameters().len(), 9);
        assert_eq!(layer.forward(&Tensor::randn([3, 4]), &Tensor::randn([5, 4])).size(), [3, 4]);
    }
}
