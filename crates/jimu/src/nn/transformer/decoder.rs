//! `TransformerDecoder`.

use super::decoder_layer::TransformerDecoderLayer;
use super::masks::DecoderMasks;
use crate::nn::{Forward, LayerNorm, Module, ModuleList};
use crate::tensor::Tensor;

/// Decoder layers one after the other:
/// [`torch.nn.TransformerDecoder`](https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html).
///
/// # Args
/// - `layer`: the layer that is copied. As in PyTorch, all copies begin with its weights.
/// - `num_layers`: the number of copies.
/// - [`norm`](Self::norm()): a normalisation of the last output, by default none.
///
/// # Shape
/// As [`TransformerDecoderLayer`].
///
/// # Attributes
/// `layers.0`, `layers.1`, … and `norm`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{TransformerDecoder, TransformerDecoderLayer}};
/// let layer = TransformerDecoderLayer::new(16, 4).dim_feedforward(32);
/// let decoder = TransformerDecoder::new(&layer, 2);
/// let (target, memory) = (Tensor::randn([5, 2, 16]), Tensor::randn([7, 2, 16]));
/// assert_eq!(decoder.forward(&target, &memory).size(), [5, 2, 16]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoder {
    /// The layers, in order.
    pub layers: ModuleList<TransformerDecoderLayer>,
    /// Of the last output.
    pub norm: Option<LayerNorm>,
}

impl TransformerDecoder {
    /// `num_layers` copies of `layer`.
    #[track_caller]
    pub fn new(layer: &TransformerDecoderLayer, num_layers: usize) -> Self {
        Self { layers: (0..num_layers).map(|_| layer.duplicate()).collect(), norm: None }
    }

    /// A normalisation of the last output.
    pub fn norm(mut self, norm: LayerNorm) -> Self {
        self.norm = Some(norm);
        self
    }

    /// The output for the target `x` and the encoder's output `memory`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, memory: &Tensor) -> Tensor {
        self.forward_masked(x, memory, &DecoderMasks::default())
    }

    /// The output under masks, which are those of every layer.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward_masked(&self, x: &Tensor, memory: &Tensor, masks: &DecoderMasks) -> Tensor {
        let x = self.layers.iter().fold(x.clone(), |x, layer| layer.forward_masked(&x, memory, masks));
        self.norm.as_ref().map_or_else(|| x.clone(), |norm| norm.forward(&x))
    }
}
