//! The functions that the layers apply: `torch.nn.functional`.
//!
//! What PyTorch has as a method of its tensors (`relu`, `sigmoid`, `tanh`, `softmax`, `log_softmax`) is one of
//! [`Tensor`](crate::Tensor)'s; the rest is here.

pub use crate::ops::linalg::linear::linear;
pub use crate::ops::linalg::normalize::normalize;
pub use crate::ops::nn::adaptive_pool::{adaptive_avg_pool1d, adaptive_avg_pool2d};
pub use crate::ops::nn::adaptive_pool::{adaptive_max_pool1d, adaptive_max_pool2d};
pub use crate::ops::nn::avg_pool1d::avg_pool1d;
pub use crate::ops::nn::avg_pool2d::avg_pool2d;
pub use crate::ops::nn::batch_norm::{BatchNormOptions, batch_norm};
pub use crate::ops::nn::bilinear::bilinear;
pub use crate::ops::nn::binary_cross_entropy::{binary_cross_entropy, binary_cross_entropy_with_logits};
pub use crate::ops::nn::celu::celu;
pub use crate::ops::nn::conv_options::{ConvOptions, ConvTransposeOptions};
pub use crate::ops::nn::conv_transpose1d::conv_transpose1d;
pub use crate::ops::nn::conv_transpose2d::conv_transpose2d;
pub use crate::ops::nn::conv1d::conv1d;
pub use crate::ops::nn::conv2d::conv2d;
pub use crate::ops::nn::cosine_embedding_loss::cosine_embedding_loss;
pub use crate::ops::nn::cosine_similarity::cosine_similarity;
pub use crate::ops::nn::cross_entropy::{CrossEntropyOptions, cross_entropy};
pub use crate::ops::nn::ctc_loss::{CTCLossOptions, ctc_loss};
pub use crate::ops::nn::dropout::{alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout};
pub use crate::ops::nn::elu::elu;
pub use crate::ops::nn::embedding::{EmbeddingOptions, embedding};
pub use crate::ops::nn::embedding_bag::{EmbeddingBagMode, EmbeddingBagOptions, embedding_bag};
pub use crate::ops::nn::gaussian_nll_loss::gaussian_nll_loss;
pub use crate::ops::nn::gelu::{Approximate, gelu};
pub use crate::ops::nn::glu::glu;
pub use crate::ops::nn::group_norm::group_norm;
pub use crate::ops::nn::hardshrink::hardshrink;
pub use crate::ops::nn::hardsigmoid::hardsigmoid;
pub use crate::ops::nn::hardswish::hardswish;
pub use crate::ops::nn::hardtanh::hardtanh;
pub use crate::ops::nn::hinge_embedding_loss::hinge_embedding_loss;
pub use crate::ops::nn::huber_loss::huber_loss;
pub use crate::ops::nn::instance_norm::{InstanceNormOptions, instance_norm};
pub use crate::ops::nn::kl_div::{KLDivReduction, kl_div};
pub use crate::ops::nn::l1_loss::l1_loss;
pub use crate::ops::nn::layer_norm::layer_norm;
pub use crate::ops::nn::leaky_relu::leaky_relu;
pub use crate::ops::nn::local_response_norm::local_response_norm;
pub use crate::ops::nn::logsigmoid::logsigmoid;
pub use crate::ops::nn::loss::Reduction;
pub use crate::ops::nn::lp_pool::{lp_pool1d, lp_pool2d};
pub use crate::ops::nn::margin_ranking_loss::margin_ranking_loss;
pub use crate::ops::nn::max_pool1d::{max_pool1d, max_pool1d_with_indices};
pub use crate::ops::nn::max_pool2d::{max_pool2d, max_pool2d_with_indices};
pub use crate::ops::nn::max_unpool::{max_unpool1d, max_unpool2d};
pub use crate::ops::nn::mish::mish;
pub use crate::ops::nn::mse_loss::mse_loss;
pub use crate::ops::nn::multi_margin_loss::{MultiMarginLossOptions, multi_margin_loss};
pub use crate::ops::nn::multilabel_margin_loss::multilabel_margin_loss;
pub use crate::ops::nn::multilabel_soft_margin_loss::multilabel_soft_margin_loss;
pub use crate::ops::nn::nll_loss::{NLLLossOptions, nll_loss};
pub use crate::ops::nn::pairwise_distance::pairwise_distance;
pub use crate::ops::nn::poisson_nll_loss::poisson_nll_loss;
pub use crate::ops::nn::pool_options::{AvgPoolOptions, MaxPoolOptions};
pub use crate::ops::nn::prelu::prelu;
pub use crate::ops::nn::relu6::relu6;
pub use crate::ops::nn::rms_norm::rms_norm;
pub use crate::ops::nn::rrelu::rrelu;
pub use crate::ops::nn::scaled_dot_product_attention::{AttentionOptions, scaled_dot_product_attention};
pub use crate::ops::nn::selu::selu;
pub use crate::ops::nn::silu::silu;
pub use crate::ops::nn::smooth_l1_loss::smooth_l1_loss;
pub use crate::ops::nn::soft_margin_loss::soft_margin_loss;
pub use crate::ops::nn::softmax::softmin;
pub use crate::ops::nn::softplus::softplus;
pub use crate::ops::nn::softshrink::softshrink;
pub use crate::ops::nn::softsign::softsign;
pub use crate::ops::nn::tanhshrink::tanhshrink;
pub use crate::ops::nn::threshold::threshold;
pub use crate::ops::nn::triplet_margin_loss::{
    TripletMarginLossOptions, triplet_margin_loss, triplet_margin_with_distance_loss,
};
