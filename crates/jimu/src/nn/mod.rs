//! The blocks: layers, containers, losses and initialisers, with the names, arguments and `state_dict` keys of PyTorch.

mod activation;
mod bilinear;
mod builders;
mod channel_shuffle;
mod container;
mod conv;
mod distance;
mod dropout;
mod embedding;
mod embedding_bag;
#[cfg(test)]
mod every_layer;
mod field;
mod flatten;
mod linear;
mod loss;
mod module;
mod module_dict;
mod module_list;
mod normalization;
mod padding;
mod parameter_list;
mod pixel_shuffle;
mod pooling;
mod recurrent;
mod state_dict;
mod summary;
mod transformer;
mod unflatten;
mod unfold;
mod upsample;

#[doc = include_str!("from_scratch.md")]
pub mod from_scratch {}
pub mod functional;
pub mod init;
pub mod utils;

pub use activation::{
    CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSigmoid, LogSoftmax,
    Mish, PReLU, RReLU, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softmax2d, Softmin, Softplus, Softshrink, Softsign,
    Tanh, Tanhshrink, Threshold,
};
pub use bilinear::Bilinear;
pub use channel_shuffle::ChannelShuffle;
pub use container::{Block, Sequential};
pub use conv::{Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, PaddingMode};
pub use distance::{CosineSimilarity, PairwiseDistance};
pub use dropout::{AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout};
pub use embedding::Embedding;
pub use embedding_bag::EmbeddingBag;
pub use field::{Buffer, Field, FieldType, Fields, Label, LayerScope, Mode, Parameter};
pub use flatten::Flatten;
pub use jimu_macros::Module;
pub use linear::Linear;
pub use loss::{
    BCELoss, BCEWithLogitsLoss, CTCLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNLLLoss, HingeEmbeddingLoss,
    HuberLoss, KLDivLoss, L1Loss, MSELoss, MarginRankingLoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss,
    MultiMarginLoss, NLLLoss, PoissonNLLLoss, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
};
pub(crate) use module::in_eval_mode;
#[cfg(test)]
pub(crate) use module::modes;
pub use module::{Forward, Module, Role, fmt_module};
pub use module_dict::ModuleDict;
pub use module_list::ModuleList;
pub use normalization::{
    BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm1d, InstanceNorm2d, LayerNorm, LocalResponseNorm, RMSNorm,
};
pub use padding::{
    CircularPad1d, CircularPad2d, ConstantPad1d, ConstantPad2d, ReflectionPad1d, ReflectionPad2d, ReplicationPad1d,
    ReplicationPad2d, ZeroPad1d, ZeroPad2d,
};
pub use parameter_list::ParameterList;
pub use pixel_shuffle::{PixelShuffle, PixelUnshuffle};
pub use pooling::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, LPPool1d,
    LPPool2d, MaxPool1d, MaxPool2d, MaxUnpool1d, MaxUnpool2d,
};
pub use recurrent::{GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell, RNNNonlinearity};
pub use state_dict::{LoadStateDictError, StateDict};
pub use summary::{Summary, SummaryError, SummaryRow, summary, summary_with};
pub use transformer::{
    AttentionMasks, DecoderMasks, EncoderMasks, MultiheadAttention, Transformer, TransformerActivation,
    TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer, TransformerMasks,
    TransformerOptions,
};
pub use unflatten::Unflatten;
pub use unfold::{Fold, Unfold};
pub use upsample::{Upsample, UpsamplingBilinear2d, UpsamplingNearest2d};

pub use crate::ops::nn::adaptive_pool::OutputSize;
pub use crate::ops::nn::conv_options::Padding;
pub use crate::ops::nn::pair::{Extent, IntoExtent, Pair};
