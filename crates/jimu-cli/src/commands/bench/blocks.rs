//! The network that is measured and that jimu's own models do not have.

use jimu::Tensor;
use jimu::nn::functional::{Approximate, gelu};
use jimu::nn::{AttentionMasks, Forward, LayerNorm, Linear, Module, MultiheadAttention};

/// A transformer's encoder block, normalised before each part, with a classifier of the mean over the sequence.
#[derive(Module)]
pub struct EncoderBlock {
    norm1: LayerNorm,
    attention: MultiheadAttention,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
    head: Linear,
}

impl EncoderBlock {
    /// Of `width` features, of which each head has its share; `inner` features in the feed-forward part.
    pub fn new(width: usize, heads: usize, inner: usize) -> Self {
        Self {
            norm1: LayerNorm::new(width),
            attention: MultiheadAttention::new(width, heads).batch_first(true),
            norm2: LayerNorm::new(width),
            up: Linear::new(width, inner),
            down: Linear::new(inner, width),
            head: Linear::new(width, 10),
        }
    }

    /// Each position of the sequence looks at all others.
    fn attention(&self, x: &Tensor) -> Tensor {
        let masks = AttentionMasks { need_weights: false, ..Default::default() };
        self.attention.forward_masked(x, x, x, &masks).0
    }
}

impl Forward for EncoderBlock {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = x + self.attention(&self.norm1.forward(x));
        let inner = gelu(&self.up.forward(&self.norm2.forward(&x)), Approximate::None);
        let x = &x + self.down.forward(&inner);
        self.head.forward(&x.mean_dim(1, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_defined() {
        let block = EncoderBlock::new(128, 4, 512);
        assert_eq!(block.num_parameters(), 199_562);
        assert_eq!(block.forward(&Tensor::randn([2, 64, 128])).size(), [2, 10]);
    }
}
