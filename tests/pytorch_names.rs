//! The tables of docs/PYTORCH.md are whole and true: every public item of PyTorch's modules, and every transform of
//! torchvision, has a row, and every name of jimu in them exists. The names are imported here, so one that goes no longer
//! compiles; methods of `Tensor` are looked for in the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[rustfmt::skip]
#[allow(unused_imports)]
mod names {
    pub mod data {
        pub use jimu::data::{
            BatchSampler, ChainDataset, Collate, ConcatDataset, DataLoader, Dataset, IterableDataset, RandomSampler,
            Sampler, SequentialSampler, StackDataset, Subset, SubsetRandomSampler, TensorDataset, WeightedRandomSampler,
            random_split,
        };
    }
    pub mod nn {
        pub use jimu::nn::{
            AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AlphaDropout, AvgPool1d,
            AvgPool2d, BCELoss, BCEWithLogitsLoss, BatchNorm1d, BatchNorm2d, Bilinear, Buffer, CELU, CTCLoss, ChannelShuffle,
            CircularPad1d, CircularPad2d, ConstantPad1d, ConstantPad2d, Conv1d, Conv2d, ConvTranspose1d,
            ConvTranspose2d, CosineEmbeddingLoss, CosineSimilarity, CrossEntropyLoss, Dropout, Dropout1d, Dropout2d,
            Dropout3d, ELU, Embedding, EmbeddingBag, FeatureAlphaDropout, Flatten, Fold, GELU, GLU, GRU, GRUCell,
            GaussianNLLLoss, GroupNorm, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, HingeEmbeddingLoss, HuberLoss,
            Identity, InstanceNorm1d, InstanceNorm2d, KLDivLoss, L1Loss, LPPool1d, LPPool2d, LSTM, LSTMCell,
            LayerNorm, LeakyReLU, Linear, LocalResponseNorm, LogSigmoid, LogSoftmax, MSELoss, MarginRankingLoss,
            MaxPool1d, MaxPool2d, MaxUnpool1d, MaxUnpool2d, Mish, Module, ModuleDict, ModuleList,
            MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, MultiheadAttention, NLLLoss, PReLU,
            PairwiseDistance, Parameter, PixelShuffle, PixelUnshuffle, PoissonNLLLoss, RMSNorm, RNN, RNNCell, RReLU,
            ReLU, ReLU6, ReflectionPad1d, ReflectionPad2d, ReplicationPad1d, ReplicationPad2d, SELU, Sequential,
            SiLU, Sigmoid, SmoothL1Loss, SoftMarginLoss, Softmax, Softmax2d, Softmin, Softplus, Softshrink,
            Softsign, Tanh, Tanhshrink, Threshold, Transformer, TransformerDecoder, TransformerDecoderLayer,
            TransformerEncoder, TransformerEncoderLayer, TripletMarginLoss, Unflatten, Unfold, Upsample,
            UpsamplingBilinear2d, UpsamplingNearest2d, ZeroPad1d, ZeroPad2d,
        };
    }
    pub mod nn_functional {
        pub use jimu::nn::functional::{
            adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_max_pool1d, adaptive_max_pool2d, alpha_dropout,
            avg_pool1d, avg_pool2d, batch_norm, bilinear, binary_cross_entropy, binary_cross_entropy_with_logits,
            celu, conv1d, conv2d, conv_transpose1d, conv_transpose2d, cosine_embedding_loss, cosine_similarity,
            cross_entropy, ctc_loss, dropout, dropout1d, dropout2d, dropout3d, elu, embedding, embedding_bag,
            feature_alpha_dropout, gaussian_nll_loss, gelu, glu, group_norm, hardshrink, hardsigmoid, hardswish,
            hardtanh, hinge_embedding_loss, huber_loss, instance_norm, kl_div, l1_loss, layer_norm, leaky_relu,
            linear, local_response_norm, logsigmoid, lp_pool1d, lp_pool2d, margin_ranking_loss, max_pool1d,
            max_pool1d_with_indices, max_pool2d, max_pool2d_with_indices, max_unpool1d, max_unpool2d, mish,
            mse_loss, multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss, nll_loss, normalize,
            pairwise_distance, poisson_nll_loss, prelu, relu6, rms_norm, rrelu, scaled_dot_product_attention, selu,
            silu, smooth_l1_loss, soft_margin_loss, softmin, softplus, softshrink, softsign, tanhshrink, threshold,
            triplet_margin_loss, triplet_margin_with_distance_loss,
        };
    }
    pub mod nn_init {
        pub use jimu::nn::init::{
            calculate_gain, constant_, dirac_, eye_, kaiming_normal_, kaiming_uniform_, normal_, ones_, orthogonal_,
            sparse_, trunc_normal_, uniform_, xavier_normal_, xavier_uniform_, zeros_,
        };
    }
    pub mod nn_utils_rnn {
        pub use jimu::nn::utils::rnn::{
            PackedSequence, invert_permutation, pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence,
            unpack_sequence, unpad_sequence,
        };
    }
    pub mod optim {
        pub use jimu::optim::{
            Adadelta, Adagrad, Adam, AdamW, Adamax, Asgd, Lbfgs, Muon, NAdam, Optimizer, RAdam, RmsProp, Rprop, Sgd,
            clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm,
        };
    }
    pub mod optim_lr_scheduler {
        pub use jimu::optim::lr_scheduler::{
            ChainedScheduler, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, CyclicLR, ExponentialLR,
            LambdaLR, LinearLR, LrScheduler, MultiStepLR, MultiplicativeLR, OneCycleLR, PolynomialLR, ReduceLROnPlateau,
            SequentialLR, StepLR,
        };
    }
    pub mod vision_transforms {
        pub use jimu::vision::transforms::{
            CenterCrop, Compose, ConvertImageDtype, Normalize, Pad, RandomCrop, RandomErasing, RandomHorizontalFlip,
            RandomResizedCrop, RandomRotation, RandomVerticalFlip, Resize,
        };
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// PyTorch's item and what stands beside it, for each row below the heading "Every item".
fn rows() -> Vec<(String, String)> {
    let page = read("docs/PYTORCH.md");
    let (_, tables) = page.split_once("\n# Every item\n").unwrap();
    let mut module = String::new();
    let mut rows = Vec::new();
    for line in tables.lines() {
        if let Some(name) = line.strip_prefix("## `").and_then(|rest| rest.strip_suffix('`')) {
            module = name.to_owned();
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", item, jimu, ""] = cells[..]
            && let Some(item) = item.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'))
            && item != module
        {
            rows.push((format!("{module}.{item}"), jimu.to_owned()));
        }
    }
    rows
}

#[test]
fn every_item_of_pytorch_has_a_row() {
    let known: BTreeSet<String> = read("tests/pytorch_items.txt").lines().map(str::to_owned).collect();
    let listed: BTreeSet<String> = rows().into_iter().map(|(item, _)| item).collect();
    let difference: Vec<_> = known.symmetric_difference(&listed).collect();
    assert!(difference.is_empty() && known.len() > 300, "{difference:?}");
}

#[test]
fn every_name_of_jimu_exists() {
    let imported = include_str!("pytorch_names.rs");
    let sources = sources(&root().join("crates/jimu/src"));
    for (item, jimu) in rows() {
        let name = jimu.trim_matches('`');
        let found = match name.rsplit_once("::") {
            _ if name == "not built" || name.starts_with("not built: ") => true,
            _ if name.starts_with("Vec<") => true,
            Some(("Tensor", method)) => sources.contains(&format!("    pub fn {method}")),
            Some((layer, "forward_with_indices")) => is_imported(imported, layer),
            _ => is_imported(imported, name),
        };
        assert!(found, "{item}: there is no {jimu}");
    }
}

/// Whether the module `names` above imports the path.
fn is_imported(source: &str, path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let opening = format!("pub use jimu::{module}::{{");
    let Some((_, rest)) = source.split_once(&opening) else { return false };
    let list = rest.split('}').next().unwrap_or_default();
    list.split(',').any(|known| known.trim() == name)
}

/// All source files of the folder, one after the other.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false => std::fs::read_to_string(path).unwrap_or_default(),
    };
    entries.map(text).collect()
}
