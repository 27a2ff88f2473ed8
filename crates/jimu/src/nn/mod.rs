//! The blocks: layers, containers, losses and initialisers, with the names, arguments and `state_dict` keys of PyTorch.

mod activation;
mod batch_norm;
mod container;
mod conv;
mod dropout;
mod field;
mod flatten;
mod linear;
mod loss;
mod module;
mod pooling;
mod state_dict;
mod summary;

pub mod functional;
pub mod init;

pub use activation::{ReLU, Sigmoid, Softmax, Tanh};
pub use batch_norm::BatchNorm2d;
pub use container::{Block, Sequential};
pub use conv::{Conv2d, Padding, PaddingMode};
pub use dropout::Dropout;
pub use field::{Buffer, Field, FieldType, Fields, Label, LayerScope, Mode, Parameter};
pub use flatten::Flatten;
pub use jimu_macros::Module;
pub use linear::Linear;
pub use loss::{CrossEntropyLoss, MSELoss};
pub use module::{Forward, Module, fmt_module};
pub use pooling::{AvgPool2d, MaxPool2d};
pub use state_dict::{LoadStateDictError, StateDict};
pub use summary::{Summary, SummaryError, SummaryRow, summary, summary_with};

pub use crate::ops::nn::pair::Pair;
