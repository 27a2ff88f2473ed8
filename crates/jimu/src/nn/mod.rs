//! The blocks: layers, containers, losses and initialisers, with the names, arguments and `state_dict` keys of PyTorch.

mod activation;
mod batch_norm;
mod bilinear;
mod container;
mod conv;
mod distance;
mod dropout;
mod embedding;
mod embedding_bag;
mod field;
mod flatten;
mod linear;
mod loss;
mod module;
mod module_dict;
mod module_list;
mod parameter_list;
mod pooling;
mod recurrent;
mod state_dict;
mod summary;
mod transformer;

pub mod functional;
pub mod init;

pub use activation::{
    CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSigmoid, LogSoftmax,
    Mish, PReLU, RReLU, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softmax2d, Softmin, Softplus, Softshrink, Softsign,
    Tanh, Tanhshrink, Threshold,
};
pub use batch_norm::BatchNorm2d;
pub use bilinear::Bilinear;
pub use container::{Block, Sequential};
pub use conv::{Conv2d, Padding, PaddingMode};
pub use distance::{CosineSimilarity, PairwiseDistance};
pub use dropout::{AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout};
pub use embedding::Embedding;
pub use embedding_bag::EmbeddingBag;
pub use field::{Buffer, Field, FieldType, Fields, Label, LayerScope, Mode, Parameter};
pub use flatten::Flatten;
pub use jimu_macros::Module;
pub use linear::Linear;
pub use loss::{
    BCELoss, BCEWithLogitsLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNLLLoss, HingeEmbeddingLoss, HuberLoss,
    KLDivLoss, L1Loss, MSELoss, MarginRankingLoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss,
    NLLLoss, PoissonNLLLoss, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
};
pub use module::{Forward, Module, fmt_module};
pub use module_dict::ModuleDict;
pub use module_list::ModuleList;
pub use parameter_list::ParameterList;
pub use pooling::{AvgPool2d, MaxPool2d};
pub use recurrent::{GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell, RNNNonlinearity};
pub use state_dict::{LoadStateDictError, StateDict};
pub use summary::{Summary, SummaryError, SummaryRow, summary, summary_with};
pub use transformer::{AttentionMasks, MultiheadAttention};

pub use crate::ops::nn::pair::Pair;
