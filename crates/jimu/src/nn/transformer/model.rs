//! `Transformer`.

use super::activation::TransformerActivation;
use super::decoder::TransformerDecoder;
use super::decoder_layer::TransformerDecoderLayer;
use super::encoder::TransformerEncoder;
use super::encoder_layer::TransformerEncoderLayer;
use super::masks::{TransformerMasks, causal};
use crate::error::{ShapeError, raise};
use crate::nn::{LayerNorm, Module, init};
use crate::tensor::Tensor;

/// What a [`Transformer`] is built of. PyTorch's defaults.
#[derive(Clone, Debug)]
pub struct TransformerOptions {
    /// The size of each step.
    pub d_model: usize,
    /// The number of heads, which divides it.
    pub nhead: usize,
    /// The number of encoder layers.
    pub num_encoder_layers: usize,
    /// The number of decoder layers.
    pub num_decoder_layers: usize,
    /// The size between the two linear layers of each layer.
    pub dim_feedforward: usize,
    /// The probability of every dropout.
    pub dropout: f64,
    /// What stands between the linear layers.
    pub activation: TransformerActivation,
    /// An encoder in place of that built from the above.
    pub custom_encoder: Option<TransformerEncoder>,
    /// A decoder in place of that built from the above.
    pub custom_decoder: Option<TransformerDecoder>,
    /// The eps of the normalisations.
    pub layer_norm_eps: f64,
    /// Whether inputs and outputs are (n, l, …) instead of (l, n, …).
    pub batch_first: bool,
    /// Whether the normalisations come before attention and linear layers instead of after.
    pub norm_first: bool,
    /// Whether linear layers and normalisations have biases.
    pub bias: bool,
}

impl Default for TransformerOptions {
    fn default() -> Self {
        Self {
            d_model: 512,
            nhead: 8,
            num_encoder_layers: 6,
            num_decoder_layers: 6,
            dim_feedforward: 2048,
            dropout: 0.1,
            activation: TransformerActivation::Relu,
            custom_encoder: None,
            custom_decoder: None,
            layer_norm_eps: 1e-5,
            batch_first: false,
            norm_first: false,
            bias: true,
        }
    }
}

impl TransformerOptions {
    fn norm(&self) -> LayerNorm {
        LayerNorm::new(self.d_model).eps(self.layer_norm_eps).bias(self.bias)
    }

    #[track_caller]
    fn encoder(&self) -> TransformerEncoder {
        let layer = TransformerEncoderLayer::from_options(self);
        TransformerEncoder::new(&layer, self.num_encoder_layers).norm(self.norm())
    }

    #[track_caller]
    fn decoder(&self) -> TransformerDecoder {
        let layer = TransformerDecoderLayer::from_options(self);
        TransformerDecoder::new(&layer, self.num_decoder_layers).norm(self.norm())
    }
}

/// An encoder and a decoder that attends to its output:
/// [`torch.nn.Transformer`](https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html) (Vaswani et al., *Attention
/// is all you need*, 2017). Embeddings, positions and the last linear layer are the user's.
///
/// # Args
/// - `options`: see [`TransformerOptions`].
///
/// # Shape
/// - Source (s, n, d_model), target (l, n, d_model), or both without n; output: as the target.
///
/// # Attributes
/// `encoder` and `decoder`, each with a normalisation at its end. Parameters of two dimensions and more begin with Xavier's
/// uniform distribution.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Transformer, TransformerOptions}};
/// let model = Transformer::new(TransformerOptions {
///     d_model: 16,
///     nhead: 4,
///     num_encoder_layers: 1,
///     num_decoder_layers: 1,
///     dim_feedforward: 32,
///     ..Default::default()
/// });
/// let (source, target) = (Tensor::randn([7, 2, 16]), Tensor::randn([5, 2, 16]));
/// assert_eq!(model.forward(&source, &target).size(), [5, 2, 16]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Transformer {
    /// From source to memory.
    pub encoder: TransformerEncoder,
    /// From target and memory to output.
    pub decoder: TransformerDecoder,
    d_model: usize,
    batch_first: bool,
}

impl Transformer {
    /// A model with random weights.
    ///
    /// # Panics
    /// If `nhead` does not divide `d_model`, or `dropout` is not from 0 to 1.
    #[track_caller]
    pub fn new(options: TransformerOptions) -> Self {
        let encoder = options.custom_encoder.clone().unwrap_or_else(|| options.encoder());
        let decoder = options.custom_decoder.clone().unwrap_or_else(|| options.decoder());
        let model = Self { encoder, decoder, d_model: options.d_model, batch_first: options.batch_first };
        for parameter in model.parameters().iter().filter(|parameter| parameter.dim() > 1) {
            init::xavier_uniform_(parameter, 1.0);
        }
        model
    }

    /// The output for a source and a target.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, source: &Tensor, target: &Tensor) -> Tensor {
        self.forward_masked(source, target, &TransformerMasks::default())
    }

    /// The output under masks.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward_masked(&self, source: &Tensor, target: &Tensor, masks: &TransformerMasks) -> Tensor {
        let (from, to) = (source.shape(), target.shape());
        let refuse = |problem: String, help: &str| raise(ShapeError::new("Transformer", problem).help(help));
        if from.last() != Some(&self.d_model) || to.last() != Some(&self.d_model) {
            let problem =
                format!("the last dimension must be {} (d_model), but the shapes are {from} and {to}", self.d_model);
            refuse(problem, "embed source and target with d_model features");
        }
        let batch = if self.batch_first { 0 } else { 1 };
        if from.len() != to.len() || (from.len() == 3 && from[batch] != to[batch]) {
            refuse(
                format!("source {from} and target {to} have different batches"),
                "give as many of the one as of the other",
            );
        }
        let memory = self.encoder.forward_masked(source, &masks.encoder);
        self.decoder.forward_masked(target, &memory, &masks.decoder)
    }

    /// The mask under which step i attends to steps 0 to i: minus infinity above the diagonal, 0 elsewhere.
    ///
    /// ```
    /// use jimu::nn::Transformer;
    /// let mask = Transformer::generate_square_subsequent_mask(2);
    /// assert_eq!(mask.to_vec::<f32>(), [0.0, f32::NEG_INFINITY, 0.0, 0.0]);
    /// ```
    pub fn generate_square_subsequent_mask(size: usize) -> Tensor {
        causal(size)
    }
}
