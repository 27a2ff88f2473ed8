//! `TransformerEncoderLayer`.

use super::TransformerOptions;
use super::activation::TransformerActivation;
use super::layer::transformer_layer;
use super::masks::EncoderMasks;
use super::multihead_attention::{AttentionMasks, MultiheadAttention};
use crate::error::{ShapeError, raise};
use crate::nn::{Dropout, Forward, LayerNorm, Linear, Module};
use crate::tensor::Tensor;

/// Self-attention, then two linear layers, each with a residual connection and a normalisation:
/// [`torch.nn.TransformerEncoderLayer`](https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html)
/// (Vaswani et al., *Attention is all you need*, 2017).
///
/// ```text
/// x = norm1(x + dropout1(self_attn(x)))                                       x + dropout1(self_attn(norm1(x)))
/// x = norm2(x + dropout2(linear2(dropout(activation(linear1(x))))))           … with norm_first
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
/// - Input: (l, n, d_model) or (l, d_model); output: the same.
///
/// # Attributes
/// `self_attn`, `linear1`, `dropout`, `linear2`, `norm1`, `norm2`, `dropout1`, `dropout2`: as the layers themselves.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, TransformerEncoderLayer}};
/// let layer = TransformerEncoderLayer::new(16, 4).dim_feedforward(32).batch_first(true);
/// assert_eq!(layer.forward(&Tensor::randn([2, 5, 16])).size(), [2, 5, 16]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoderLayer {
    /// Each step attends to the others.
    pub self_attn: MultiheadAttention,
    /// From d_model to dim_feedforward.
    pub linear1: Linear,
    /// Between the linear layers.
    pub dropout: Dropout,
    /// And back.
    pub linear2: Linear,
    /// With the attention.
    pub norm1: LayerNorm,
    /// With the linear layers.
    pub norm2: LayerNorm,
    /// After the attention.
    pub dropout1: Dropout,
    /// After the linear layers.
    pub dropout2: Dropout,
    #[module(skip)]
    activation: TransformerActivation,
    d_model: usize,
    layer_norm_eps: f64,
    norm_first: bool,
    with_bias: bool,
}

transformer_layer! {
    TransformerEncoderLayer,
    attentions: [self_attn],
    norms: [norm1, norm2],
    dropouts: [dropout, dropout1, dropout2]
}

impl TransformerEncoderLayer {
    /// The output under masks.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward_masked(&self, x: &Tensor, masks: &EncoderMasks) -> Tensor {
        if self.norm_first {
            let x = x + self.attend(&self.norm1.forward(x), masks);
            return &x + self.feed_forward(&self.norm2.forward(&x));
        }
        let x = self.norm1.forward(&(x + self.attend(x, masks)));
        self.norm2.forward(&(&x + self.feed_forward(&x)))
    }

    #[track_caller]
    fn attend(&self, x: &Tensor, masks: &EncoderMasks) -> Tensor {
        let masks = AttentionMasks {
            attn_mask: masks.src_mask.clone(),
            key_padding_mask: masks.src_key_padding_mask.clone(),
            need_weights: false,
            is_causal: masks.is_causal,
            ..Default::default()
        };
        self.dropout1.forward(&self.self_attn.forward_masked(x, x, x, &masks).0)
    }

    #[track_caller]
    fn feed_forward(&self, x: &Tensor) -> Tensor {
        let hidden = self.dropout.forward(&self.activation.apply(&self.linear1.forward(x)));
        self.dropout2.forward(&self.linear2.forward(&hidden))
    }
}

impl Forward for TransformerEncoderLayer {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        self.forward_masked(x, &EncoderMasks::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_names_is_that_of_pytorch() {
        let layer = TransformerEncoderLayer::new(4, 2).bias(false);
        let names: Vec<String> = layer.named_parameters().into_iter().map(|(name, _)| name).collect();
        let attention = ["self_attn.in_proj_weight", "self_attn.out_proj.weight"];
        let rest = ["linear1.weight", "linear2.weight", "norm1.weight", "norm2.weight"];
        assert_eq!(names, [&attention[..], &rest].concat());
    }

    #[test]
    fn a_causal_mask_hides_what_comes_later() {
        let layer = TransformerEncoderLayer::new(4, 2).dim_feedforward(8).dropout(0.0).batch_first(true);
        let masks =
            EncoderMasks { src_mask: Some(super::super::masks::causal(3)), is_causal: true, ..Default::default() };
        let x = Tensor::randn([1, 3, 4]);
        let changed = Tensor::cat(&[&x.narrow(1, 0, 2), &Tensor::randn([1, 1, 4])], 1);
        let [a, b] = [x, changed].map(|x| layer.forward_masked(&x, &masks).narrow(1, 0, 2));
        assert!((a - b).abs().max().item() < 1e-6);
    }
}
