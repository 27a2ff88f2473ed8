//! The vision transformer.

use super::ModelError;
use crate::error::{ShapeError, raise};
use crate::nn::{
    Conv2d, Dropout, Forward, GELU, LayerNorm, Linear, Module, MultiheadAttention, Parameter, Sequential, init,
};
use crate::sequential;
use crate::tensor::Tensor;

/// The sizes of a [`VisionTransformer`]; torchvision's arguments. By default those of a small one for CIFAR-10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VitOptions {
    /// Height and width of the images.
    pub image_size: usize,
    /// Height and width of the patches that an image is cut into.
    pub patch_size: usize,
    /// Encoder blocks.
    pub num_layers: usize,
    /// Heads of each attention.
    pub num_heads: usize,
    /// The size of what stands for a patch.
    pub hidden_dim: usize,
    /// The size of the hidden layer in each block's perceptron.
    pub mlp_dim: usize,
    /// The probability of dropping after the embedding, the attention and the layers of the perceptron.
    pub dropout: f64,
    /// The probability of dropping attention weights.
    pub attention_dropout: f64,
    /// Channels of the images.
    pub channels: usize,
    /// Classes.
    pub num_classes: usize,
}

impl Default for VitOptions {
    fn default() -> Self {
        Self {
            image_size: 32,
            patch_size: 4,
            num_layers: 6,
            num_heads: 4,
            hidden_dim: 128,
            mlp_dim: 256,
            dropout: 0.0,
            attention_dropout: 0.0,
            channels: 3,
            num_classes: 10,
        }
    }
}

/// A transformer over the patches of an image:
/// [`torchvision.models.VisionTransformer`](https://pytorch.org/vision/stable/models/vision_transformer.html) (Dosovitskiy
/// et al., *An image is worth 16x16 words*, 2020).
///
/// # Args
/// - `options`: the [sizes](VitOptions).
///
/// # Shape
/// | step | output |
/// |---|---|
/// | input | (n, channels, image_size, image_size) |
/// | `conv_proj`: a linear map of each patch | (n, patches, hidden_dim) |
/// | `class_token` before them, plus `encoder.pos_embedding` | (n, 1 + patches, hidden_dim) |
/// | `encoder.layers`, `encoder.ln` | (n, 1 + patches, hidden_dim) |
/// | `heads` of the class token | (n, num_classes) |
///
/// # Attributes
/// - `class_token`: (1, 1, hidden_dim), zeros; `encoder.pos_embedding`: (1, 1 + patches, hidden_dim), from N(0, 0.02²).
/// - `conv_proj`: from N(0, 1 / fan_in), cut off at ±2; bias 0.
/// - perceptrons: Glorot's uniform weights, biases from N(0, 10⁻¹²); attention: as [`MultiheadAttention`] begins.
/// - `heads`: zeros.
///
/// # Examples
/// ```
/// use jimu::{DType, Device, Tensor, nn::{Forward, Module}, vision::models::{VisionTransformer, VitOptions}};
/// let model = Device::Meta.with(|| VisionTransformer::vit_b_16(3, 1000));
/// assert_eq!(model.num_parameters(), 86_567_656);
/// let small = VisionTransformer::new(VitOptions { num_layers: 2, ..VitOptions::default() });
/// assert_eq!(small.forward(&Tensor::zeros([2, 3, 32, 32])).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct VisionTransformer {
    class_token: Parameter,
    conv_proj: Conv2d,
    encoder: Encoder,
    heads: Sequential,
    image_size: usize,
}

impl VisionTransformer {
    /// With random weights.
    ///
    /// # Panics
    /// If the image is not a whole number of patches wide, or `hidden_dim` not a multiple of `num_heads`.
    #[track_caller]
    pub fn new(options: VitOptions) -> Self {
        let VitOptions { image_size, patch_size, hidden_dim, channels, .. } = options;
        if patch_size == 0 || !image_size.is_multiple_of(patch_size) {
            let problem = format!("an image of {image_size} pixels is not a whole number of patches of {patch_size}");
            raise(ShapeError::new("VisionTransformer", problem).help("choose a patch_size that divides image_size"));
        }
        let conv_proj = Conv2d::new(channels, hidden_dim, patch_size).stride(patch_size);
        let fan_in = channels * patch_size * patch_size;
        init::trunc_normal_(&conv_proj.weight, 0.0, (1.0 / fan_in as f64).sqrt(), -2.0, 2.0);
        conv_proj.bias.iter().for_each(|bias| init::zeros_(bias));
        let head = Linear::new(hidden_dim, options.num_classes);
        init::zeros_(&head.weight);
        head.bias.iter().for_each(|bias| init::zeros_(bias));
        Self {
            class_token: Parameter::new(Tensor::zeros([1, 1, hidden_dim])),
            conv_proj,
            encoder: Encoder::new(options),
            heads: Sequential::new().add_named("head", head),
            image_size,
        }
    }

    /// The base network with patches of 16x16, for images of 224x224: torchvision's `vit_b_16`.
    pub fn vit_b_16(channels: usize, classes: usize) -> Self {
        Self::new(VitOptions {
            image_size: 224,
            patch_size: 16,
            num_layers: 12,
            num_heads: 12,
            hidden_dim: 768,
            mlp_dim: 3072,
            channels,
            num_classes: classes,
            ..VitOptions::default()
        })
    }

    /// The small network of the default options, for square images of another size.
    pub(super) fn for_images(channels: usize, height: usize, width: usize, classes: usize) -> Result<Self, ModelError> {
        let options = VitOptions { image_size: height, channels, num_classes: classes, ..VitOptions::default() };
        match height == width && height > 0 && height.is_multiple_of(options.patch_size) {
            true => Ok(Self::new(options)),
            false => {
                let reason = "it takes squares of a multiple of 4 pixels";
                Err(ModelError::Size { model: "vit", height, width, reason })
            }
        }
    }
}

impl Forward for VisionTransformer {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let size = self.image_size;
        if x.dim() != 4 || x.size()[2..] != [size, size] {
            let problem =
                format!("the images must have the shape [batch, channels, {size}, {size}], but have {}", x.size());
            raise(
                ShapeError::new("VisionTransformer", problem)
                    .help("resize them, or build the model with their image_size"),
            );
        }
        let patches = self.conv_proj.forward(x).flatten(2..).transpose(1, 2);
        let class = self.class_token.expand([x.size()[0] as isize, -1, -1]);
        let x = self.encoder.forward(&Tensor::cat(&[&class, &patches], 1));
        self.heads.forward(&x.select(1, 0))
    }
}

#[derive(Module)]
struct Encoder {
    pos_embedding: Parameter,
    dropout: Dropout,
    layers: Sequential,
    ln: LayerNorm,
}

impl Encoder {
    #[track_caller]
    fn new(options: VitOptions) -> Self {
        let VitOptions { num_layers, hidden_dim, dropout, .. } = options;
        let length = 1 + (options.image_size / options.patch_size).pow(2);
        let pos_embedding = Parameter::new(Tensor::zeros([1, length, hidden_dim]));
        init::normal_(&pos_embedding, 0.0, 0.02);
        let layers = (0..num_layers).fold(Sequential::new(), |layers, index| {
            layers.add_named(format!("encoder_layer_{index}"), EncoderBlock::new(options))
        });
        Self { pos_embedding, dropout: Dropout::new(dropout), layers, ln: norm(hidden_dim) }
    }
}

impl Forward for Encoder {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.dropout.forward(&(x + &*self.pos_embedding));
        self.ln.forward(&self.layers.forward(&x))
    }
}

fn norm(size: usize) -> LayerNorm {
    LayerNorm::new([size]).eps(1e-6)
}

/// Attention and a perceptron, each with a normalisation before and its input added after.
#[derive(Module)]
struct EncoderBlock {
    ln_1: LayerNorm,
    self_attention: MultiheadAttention,
    dropout: Dropout,
    ln_2: LayerNorm,
    mlp: Sequential,
}

impl EncoderBlock {
    #[track_caller]
    fn new(options: VitOptions) -> Self {
        let VitOptions { num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, .. } = options;
        let linear = |inputs, outputs| {
            let linear = Linear::new(inputs, outputs);
            init::xavier_uniform_(&linear.weight, 1.0);
            linear.bias.iter().for_each(|bias| init::normal_(bias, 0.0, 1e-6));
            linear
        };
        Self {
            ln_1: norm(hidden_dim),
            self_attention: MultiheadAttention::new(hidden_dim, num_heads).dropout(attention_dropout).batch_first(true),
            dropout: Dropout::new(dropout),
            ln_2: norm(hidden_dim),
            mlp: sequential![
                linear(hidden_dim, mlp_dim),
                GELU::new(),
                Dropout::new(dropout),
                linear(mlp_dim, hidden_dim),
                Dropout::new(dropout),
            ],
        }
    }
}

impl Forward for EncoderBlock {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.ln_1.forward(x);
        let x = self.dropout.forward(&self.self_attention.forward(&y, &y, &y).0) + x;
        self.mlp.forward(&self.ln_2.forward(&x)) + x
    }
}
