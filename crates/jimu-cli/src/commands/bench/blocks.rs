//! The network that is measured and that jimu's own models do not have.

use jimu::Tensor;
use jimu::nn::functional::{Approximate, gelu, scaled_dot_product_attention};
use jimu::nn::{Forward, LayerNorm, Linear, Module};

/// A transformer's encoder block, normalised before each part, with a classifier of the mean over the sequence.
#[derive(Module)]
pub struct EncoderBlock {
    heads: usize,
    norm1: LayerNorm,
    qkv: Linear,
    out: Linear,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
    head: Linear,
}

impl EncoderBlock {
    /// Of `width` features, of which each head has its share; `inner` features in the feed-forward part.
    pub fn new(width: usize, heads: usize, inner: usize) -> Self {
        Self {
            heads,
            norm1: LayerNorm::new(width),
            qkv: Linear::new(width, 3 * width),
            out: Linear::new(width, width),
            norm2: LayerNorm::new(width),
            up: Linear::new(width, inner),
            down: Linear::new(inner, width),
            head: Linear::new(width, 10),
        }
    }

    /// Each position of the sequence looks at all others.
    fn attention(&self, x: &Tensor) -> Tensor {
        let [batch, length, width] = x.size()[..] else { panic!("a batch of sequences is needed") };
        let split = [batch, length, 3, self.heads, width / self.heads];
        let parts = self.qkv.forward(x).view(split).permute([2, 0, 3, 1, 4]).unbind(0);
        let [q, k, v] = &parts[..] else { panic!("queries, keys and values") };
        let mixed = scaled_dot_product_attention(q, k, v, &Default::default());
        self.out.forward(&mixed.transpose(1, 2).reshape([batch, length, width]))
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
