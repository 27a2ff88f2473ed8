//! `TransformerEncoder`.

use super::encoder_layer::TransformerEncoderLayer;
use super::masks::EncoderMasks;
use crate::nn::{Forward, LayerNorm, Module, ModuleList};
use crate::tensor::Tensor;

/// Encoder layers one after the other:
/// [`torch.nn.TransformerEncoder`](https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html).
///
/// # Args
/// - `layer`: the layer that is copied. As in PyTorch, all copies begin with its weights.
/// - `num_layers`: the number of copies.
/// - [`norm`](Self::norm()): a normalisation of the last output, by default none.
///
/// # Shape
/// As [`TransformerEncoderLayer`].
///
/// # Attributes
/// `layers.0`, `layers.1`, … and `norm`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, TransformerEncoder, TransformerEncoderLayer}};
/// let layer = TransformerEncoderLayer::new(16, 4).dim_feedforward(32);
/// let encoder = TransformerEncoder::new(&layer, 2);
/// assert_eq!(encoder.forward(&Tensor::randn([5, 2, 16])).size(), [5, 2, 16]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoder {
    /// The layers, in order.
    pub layers: ModuleList<TransformerEncoderLayer>,
    /// Of the last output.
    pub norm: Option<LayerNorm>,
}

impl TransformerEncoder {
    /// `num_layers` copies of `layer`.
    #[track_caller]
    pub fn new(layer: &TransformerEncoderLayer, num_layers: usize) -> Self {
        Self { layers: (0..num_layers).map(|_| layer.duplicate()).collect(), norm: None }
    }

    /// A normalisation of the last output.
    pub fn norm(mut self, norm: LayerNorm) -> Self {
        self.norm = Some(norm);
        self
    }

    /// The output under masks, which are those of every layer.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward_masked(&self, x: &Tensor, masks: &EncoderMasks) -> Tensor {
        let x = self.layers.iter().fold(x.clone(), |x, layer| layer.forward_masked(&x, masks));
        self.norm.as_ref().map_or_else(|| x.clone(), |norm| norm.forward(&x))
    }
}

impl Forward for TransformerEncoder {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        self.forward_masked(x, &EncoderMasks::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copies_begin_equal_and_have_parameters_of_their_own() {
        let layer = TransformerEncoderLayer::new(4, 2).dim_feedforward(8).dropout(0.0).norm_first(true);
        let encoder = TransformerEncoder::new(&layer, 2).norm(LayerNorm::new(4));
        assert_eq!(encoder.num_parameters(), 2 * layer.num_parameters() + 8);
        let x = Tensor::randn([3, 2, 4]);
        let twice = layer.forward(&layer.forward(&x));
        let expected = LayerNorm::new(4).forward(&twice);
        assert!((encoder.forward(&x) - expected).abs().max().item() < 1e-6);
    }
}
