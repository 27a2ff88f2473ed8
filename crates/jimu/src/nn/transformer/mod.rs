//! Attention and what is built of it.

mod activation;
mod decoder;
mod decoder_layer;
mod encoder;
mod encoder_layer;
mod layer;
mod masks;
mod model;
mod multihead_attention;

pub use activation::TransformerActivation;
pub use decoder::TransformerDecoder;
pub use decoder_layer::TransformerDecoderLayer;
pub use encoder::TransformerEncoder;
pub use encoder_layer::TransformerEncoderLayer;
pub use masks::{DecoderMasks, EncoderMasks, TransformerMasks};
pub use model::{Transformer, TransformerOptions};
pub use multihead_attention::{AttentionMasks, MultiheadAttention};
