//! The options of `jimu train`; `config.toml` has them, too.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, ValueEnum};
use jimu::Precision;
use jimu::nn::Block;
use jimu::optim::lr_scheduler::{ConstantLR, CosineAnnealingLR, LrScheduler};
use jimu::optim::{Adam, AdamW, Optimizer, Sgd};
use jimu::vision::datasets::DatasetName;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::preset::Preset;
use crate::augment::AugmentName;
use crate::options::{at_least_1, dataset, model, not_negative};

/// Options that a resumed run takes from its folder.
const SETTLED: [&str; 18] = [
    "preset",
    "dataset",
    "model",
    "epochs",
    "batch_size",
    "optimizer",
    "lr",
    "schedule",
    "momentum",
    "weight_decay",
    "seed",
    "init",
    "no_shuffle",
    "normalize",
    "augment",
    "precision",
    "out",
    "limit",
];

/// The options of `jimu train`.
#[derive(Clone, clap::Args, Serialize, Deserialize)]
pub struct Args {
    /// Options that have proved themselves together; those that are given besides go before
    #[arg(long, value_enum, value_name = "NAME")]
    #[serde(skip)]
    pub preset: Option<Preset>,
    /// mnist, fashion-mnist, cifar-10 or fashion-mini [default: mnist, or fashion-mini where it cannot be had]
    #[arg(long, value_name = "NAME", value_parser = dataset)]
    #[serde(serialize_with = "as_text", deserialize_with = "from_text", default)]
    pub dataset: Option<DatasetName>,
    /// The network
    #[arg(long, value_name = "NAME", default_value = "lenet5", value_parser = model())]
    pub model: String,
    /// How many times all training images are learnt from
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = at_least_1)]
    pub epochs: usize,
    /// Images in a step
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_1)]
    pub batch_size: usize,
    #[arg(long, value_enum, default_value = "sgd", help = "The rule by which the weights change")]
    pub optimizer: OptimizerName,
    /// Learning rate [default: 0.02 for sgd, 0.001 for adam and adamw]
    #[arg(long, value_name = "RATE", value_parser = not_negative)]
    pub lr: Option<f64>,
    /// How the learning rate changes [default: cosine, but constant where --lr is given]
    #[arg(long, value_enum)]
    pub schedule: Option<ScheduleName>,
    /// Momentum of sgd
    #[arg(long, value_name = "X", default_value_t = 0.9, value_parser = not_negative)]
    pub momentum: f64,
    /// Weight decay
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = not_negative)]
    pub weight_decay: f64,
    /// The same seed gives the same weights, bit for bit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many threads work [default: as many as the machine has]
    #[arg(long, value_name = "N", value_parser = at_least_1)]
    pub threads: Option<usize>,
    /// Take the data from this folder
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Start from the weights in this run folder or file: safetensors, PyTorch's .pt or .pth, NumPy's .npz
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Go on with the interrupted run in this folder, with its options, to the very weights that it would have had
    #[arg(long, value_name = "DIR", conflicts_with_all = SETTLED)]
    #[serde(skip)]
    pub resume: Option<PathBuf>,
    /// Keep the training images in their order
    #[arg(long)]
    pub no_shuffle: bool,
    /// Pixels divided by 255, or then standardised by the training set's mean and deviation
    #[arg(long, value_enum, default_value = "standard")]
    pub normalize: NormalizeName,
    /// Change each training image at random, another way in each epoch: some of crop, flip, rotate and erase, as in crop,flip
    #[arg(long, value_enum, value_name = "NAMES", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub augment: Vec<AugmentName>,
    /// What products multiply: numbers of 32 bits, or rounded to bfloat16, twice as fast on processors with AVX512-BF16; weights and
    /// sums have 32 bits either way
    #[arg(long, value_enum, default_value = "f32")]
    #[serde(default, skip_serializing_if = "PrecisionName::is_f32")]
    pub precision: PrecisionName,
    /// The run's folder [default: the first unused one of runs/DATASET-MODEL, runs/DATASET-MODEL-2, …]
    #[arg(long, value_name = "DIR")]
    #[serde(skip)]
    pub out: Option<PathBuf>,
    /// Learn from the first N training images only
    #[arg(long, value_name = "N", value_parser = at_least_1)]
    pub limit: Option<usize>,
    /// Write the metrics to this file, too: a JSON object a line and epoch
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Show nothing but errors
    #[arg(long)]
    #[serde(skip)]
    pub quiet: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerName {
    Sgd,
    Adam,
    #[value(name = "adamw")]
    AdamW,
}

#[derive(Clone, Copy, PartialEq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleName {
    Constant,
    Cosine,
}

#[derive(Clone, Copy, PartialEq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NormalizeName {
    None,
    Standard,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrecisionName {
    #[default]
    F32,
    Bf16,
}

impl PrecisionName {
    /// What a configuration means that says nothing.
    fn is_f32(&self) -> bool {
        *self == Self::F32
    }

    /// As the library has it.
    pub fn precision(self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
        }
    }
}

fn as_text<S: Serializer>(name: &Option<DatasetName>, serializer: S) -> Result<S::Ok, S::Error> {
    name.map(DatasetName::as_str).serialize(serializer)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DatasetName>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| dataset(&text)).transpose().map_err(serde::de::Error::custom)
}

impl Args {
    /// The options with those of the preset, if there is one, where `matches` tells that they were not given.
    pub fn with_preset(self, matches: &ArgMatches) -> Self {
        let given = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        match self.preset {
            Some(preset) => preset.fill(self, given),
            None => self,
        }
    }

    /// The options of an earlier run, with what may be said anew.
    pub fn resumed(&self, earlier: Args) -> Self {
        Args {
            threads: self.threads.or(earlier.threads),
            data_dir: self.data_dir.clone().or(earlier.data_dir),
            metrics: self.metrics.clone().or(earlier.metrics),
            resume: self.resume.clone(),
            quiet: self.quiet,
            ..earlier
        }
    }

    /// The optimiser over the model's parameters.
    pub fn optimizer(&self, model: &dyn Block) -> Box<dyn Optimizer> {
        let (parameters, decay) = (model.parameters(), self.weight_decay);
        let lr = |default| self.lr.unwrap_or(default);
        match self.optimizer {
            OptimizerName::Sgd => Box::new(Sgd::new(parameters, lr(0.02)).momentum(self.momentum).weight_decay(decay)),
            OptimizerName::Adam => Box::new(Adam::new(parameters, lr(1e-3)).weight_decay(decay)),
            OptimizerName::AdamW => Box::new(AdamW::new(parameters, lr(1e-3)).weight_decay(decay)),
        }
    }

    /// The learning rate's way over so many steps.
    pub fn scheduler(&self, steps: usize) -> Box<dyn LrScheduler> {
        match (self.schedule, self.lr) {
            (Some(ScheduleName::Cosine), _) | (None, None) => Box::new(CosineAnnealingLR::new(steps)),
            (Some(ScheduleName::Constant), _) | (None, Some(_)) => Box::new(ConstantLR::new().factor(1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_comes_back() {
        let text = "dataset = \"cifar-10\"\nmodel = \"mlp\"\nepochs = 3\nbatch_size = 8\noptimizer = \"adamw\"\nlr = 0.25\n\
                    momentum = 0.5\nweight_decay = 0.0\nseed = 4\nno_shuffle = true\nnormalize = \"none\"\n";
        let args: Args = toml::from_str(text).unwrap();
        assert_eq!((args.dataset, args.lr, args.limit), (Some(DatasetName::Cifar10), Some(0.25), None));
        assert_eq!(toml::to_string(&args).unwrap(), text);
        let augmented = format!("{text}augment = [\"crop\", \"flip\"]\n");
        let args: Args = toml::from_str(&augmented).unwrap();
        assert_eq!(args.augment, [AugmentName::Crop, AugmentName::Flip]);
        assert_eq!(toml::to_string(&args).unwrap(), augmented);
        let halved = format!("{text}precision = \"bf16\"\n");
        let args: Args = toml::from_str(&halved).unwrap();
        assert!(args.precision == PrecisionName::Bf16);
        assert_eq!(toml::to_string(&args).unwrap(), halved);
        let error = toml::from_str::<Args>(&text.replace("cifar-10", "cifar-11")).err().unwrap();
        assert!(error.to_string().contains("did you mean cifar-10?"), "{error}");
    }
}
