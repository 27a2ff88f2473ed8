//! `jimu train`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use jimu::data::{DataLoader, ImageSet};
use jimu::nn::{Block, StateDict};
use jimu::optim::{Adam, AdamW, Optimizer, Sgd};
use jimu::train::checkpoint::{self, ModelFile, Normalization};
use jimu::train::{EpochMetrics, Outcome, Schedule, Trainer};
use jimu::vision::datasets::{DatasetName, ImageData, ImageDataset, Locator};
use jimu::vision::models;
use serde::Serialize;

use crate::failure::Failure;
use crate::run_folder;
use crate::ui::Ui;

/// How many images are tested at once.
const TEST_BATCH: usize = 256;
const PREFETCHED_BATCHES: usize = 4;

/// The options of `jimu train`.
#[derive(clap::Args, Serialize)]
pub struct Args {
    /// mnist, fashion-mnist, cifar-10 or fashion-mini [default: mnist, or fashion-mini where it cannot be had]
    #[arg(long, value_name = "NAME", value_parser = dataset_name)]
    #[serde(serialize_with = "as_text")]
    dataset: Option<DatasetName>,
    /// lenet5, lenet or mlp
    #[arg(long, value_name = "NAME", default_value = "lenet5")]
    model: String,
    /// How many times all training images are learnt from
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = at_least_1)]
    epochs: usize,
    /// Images in a step
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_1)]
    batch_size: usize,
    #[arg(long, value_enum, default_value = "sgd", help = "The rule by which the weights change")]
    optimizer: OptimizerName,
    /// Learning rate [default: 0.02 for sgd, 0.001 for adam and adamw]
    #[arg(long, value_name = "RATE", value_parser = not_negative)]
    lr: Option<f64>,
    /// How the learning rate changes [default: cosine, but constant where --lr is given]
    #[arg(long, value_enum)]
    schedule: Option<ScheduleName>,
    /// Momentum of sgd
    #[arg(long, value_name = "X", default_value_t = 0.9, value_parser = not_negative)]
    momentum: f64,
    /// Weight decay
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = not_negative)]
    weight_decay: f64,
    /// The same seed gives the same weights, bit for bit
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How many threads work [default: as many as the machine has]
    #[arg(long, value_name = "N", value_parser = at_least_1)]
    threads: Option<usize>,
    /// Take the data from this folder
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Start from the weights in this file or run folder
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Keep the training images in their order
    #[arg(long)]
    no_shuffle: bool,
    /// Pixels divided by 255, or then standardised by the training set's mean and deviation
    #[arg(long, value_enum, default_value = "standard")]
    normalize: NormalizeName,
    /// The run's folder [default: the first unused one of runs/DATASET-MODEL, runs/DATASET-MODEL-2, …]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Learn from the first N training images only
    #[arg(long, value_name = "N", value_parser = at_least_1)]
    limit: Option<usize>,
    /// Write the metrics to this file, too: a JSON object a line and epoch
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Show nothing but errors
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum OptimizerName {
    Sgd,
    Adam,
    #[value(name = "adamw")]
    AdamW,
}

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum ScheduleName {
    Constant,
    Cosine,
}

#[derive(Clone, Copy, PartialEq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum NormalizeName {
    None,
    Standard,
}

fn dataset_name(text: &str) -> Result<DatasetName, String> {
    text.parse().map_err(|error: jimu::vision::datasets::UnknownDataset| error.to_string())
}

fn at_least_1(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or_else(|| "a whole number from 1 is needed".to_owned())
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "a number from 0 is needed".to_owned())
}

fn as_text<S: serde::Serializer>(name: &Option<DatasetName>, serializer: S) -> Result<S::Ok, S::Error> {
    name.map(DatasetName::as_str).serialize(serializer)
}

/// Runs `jimu train`.
pub fn run(args: &Args) -> Result<(), Failure> {
    jimu::manual_seed(args.seed);
    if let Some(threads) = args.threads {
        jimu::set_num_threads(threads);
    }
    let ui = Ui::new(args.quiet, args.epochs);
    let run = Run::prepare(args, &ui)?;
    let outcome = run.train(args, &ui);
    ui.finish();
    run.conclude(outcome?, &ui)
}

/// A training that is ready to begin.
struct Run {
    model: Box<dyn Block>,
    train: DataLoader<ImageSet>,
    test: DataLoader<ImageSet>,
    /// What is known about the model but for its weights.
    file: ModelFile,
    folder: PathBuf,
}

impl Run {
    fn prepare(args: &Args, ui: &Ui) -> Result<Self, Failure> {
        let mut data = load(args, ui)?;
        shorten(&mut data.train, args.limit);
        let (name, classes) = (data.name, data.train.classes.clone());
        let (train, test) = (image_set(data.train), image_set(data.test));
        let [channels, height, width] = train.image_size();
        let (mean, std) = match args.normalize {
            NormalizeName::Standard => train.mean_and_std(),
            NormalizeName::None => (vec![0.0; channels], vec![1.0; channels]),
        };
        let model = models::by_name(&args.model, channels, height, width, classes.len()).map_err(Failure::usage)?;
        if let Some(path) = &args.init {
            model.load_state_dict(&initial_state(path)?)?;
        }
        let folder = run_folder::create(args.out.as_deref(), &format!("{name}-{}", args.model))?;
        run_folder::write(&folder.join("config.toml"), toml::to_string(args)?.as_bytes())?;
        ui.line(&format!(
            "{name} from {}: {} training images, {} test images",
            data.origin,
            train.labels().len(),
            test.labels().len()
        ));
        ui.line(&format!("{} with {} parameters", args.model, model.num_parameters()));
        let standard = args.normalize == NormalizeName::Standard;
        let normalized = |set: ImageSet| if standard { set.normalize(&mean, &std) } else { set };
        let (train, test) = (normalized(train), normalized(test));
        let loader = DataLoader::new(train, args.batch_size).shuffle(!args.no_shuffle).seed(args.seed);
        let (model_name, dataset) = (args.model.clone(), name.to_string());
        let (normalization, state) = (Normalization { mean, std }, StateDict::new());
        Ok(Self {
            model,
            train: loader.prefetch(PREFETCHED_BATCHES),
            test: DataLoader::new(test, TEST_BATCH).prefetch(PREFETCHED_BATCHES),
            file: ModelFile { model: model_name, dataset, classes, channels, height, width, normalization, state },
            folder,
        })
    }

    fn train(&self, args: &Args, ui: &Ui) -> Result<Outcome, Failure> {
        let stop = stop_on_ctrl_c()?;
        let mut optimizer = optimizer(args, &*self.model);
        let (mut metrics, mut failed) = (String::new(), None);
        let outcome = Trainer::new(&*self.model, &mut *optimizer)
            .epochs(args.epochs)
            .schedule(schedule(args))
            .on_step(|step| {
                ui.step(step);
                if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .on_epoch(|epoch| {
                ui.epoch(epoch);
                failed = self.save_epoch(epoch, &mut metrics, args.metrics.as_deref()).err();
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .fit(&self.train, &self.test);
        match (failed, outcome) {
            (Some(failure), _) => Err(failure),
            (None, Ok(outcome)) => Ok(outcome),
            (None, Err(diverged)) if metrics.is_empty() => Err(Failure::new(diverged)),
            (None, Err(diverged)) => {
                let kept = self.model_path();
                Err(Failure::new(format_args!(
                    "{diverged}\nthe model of the last epoch before is in {}",
                    kept.display()
                )))
            }
        }
    }

    fn save_epoch(&self, epoch: &EpochMetrics, lines: &mut String, also: Option<&Path>) -> Result<(), Failure> {
        self.save_model()?;
        lines.push_str(&run_folder::json_line(epoch)?);
        run_folder::write(&self.folder.join("metrics.jsonl"), lines.as_bytes())?;
        also.map_or(Ok(()), |path| run_folder::write(path, lines.as_bytes()))
    }

    fn save_model(&self) -> Result<(), Failure> {
        let file = ModelFile { state: self.model.state_dict(), ..self.file.clone() };
        Ok(checkpoint::save(self.model_path(), &file)?)
    }

    fn model_path(&self) -> PathBuf {
        self.folder.join("model.safetensors")
    }

    fn conclude(&self, outcome: Outcome, ui: &Ui) -> Result<(), Failure> {
        let path = self.model_path();
        if outcome.interrupted {
            self.save_model()?;
            let ModelFile { dataset, model, .. } = &self.file;
            ui.line(&format!("interrupted; the model is saved in {}", path.display()));
            ui.line(&format!("go on with: jimu train --dataset {dataset} --model {model} --init {}", path.display()));
            return Ok(());
        }
        if let Some(evaluation) = &outcome.evaluation {
            ui.summary(&evaluation.confusion, &self.file.classes);
        }
        ui.line(&format!("saved in {}", path.display()));
        Ok(())
    }
}

/// The data set asked for; without one MNIST, or the small set that is built in.
fn load(args: &Args, ui: &Ui) -> Result<ImageDataset, Failure> {
    let locator = Locator::new().data_dir(args.data_dir.clone());
    match (args.dataset, locator.load(args.dataset.unwrap_or(DatasetName::Mnist))) {
        (None, Err(error)) if args.data_dir.is_none() => {
            ui.line(&format!("MNIST cannot be had; training on fashion-mini instead.\n{error}"));
            Ok(Locator::new().load(DatasetName::FashionMini)?)
        }
        (_, loaded) => Ok(loaded?),
    }
}

fn shorten(data: &mut ImageData, limit: Option<usize>) {
    let count = limit.unwrap_or(usize::MAX).min(data.len());
    data.images.truncate(count * data.image_len());
    data.labels.truncate(count);
}

fn image_set(data: ImageData) -> ImageSet {
    let labels = data.labels.iter().map(|&label| i64::from(label)).collect();
    ImageSet::new(data.images, [data.channels, data.height, data.width], labels)
}

/// Weights by name: from a run folder, from a model that jimu saved, or from any safetensors file.
fn initial_state(path: &Path) -> Result<StateDict, Failure> {
    let file = if path.is_dir() { path.join("model.safetensors") } else { path.to_path_buf() };
    Ok(jimu::io::safetensors::load(file)?.0)
}

fn optimizer(args: &Args, model: &dyn Block) -> Box<dyn Optimizer> {
    let (parameters, decay) = (model.parameters(), args.weight_decay);
    let lr = |default| args.lr.unwrap_or(default);
    match args.optimizer {
        OptimizerName::Sgd => Box::new(Sgd::new(parameters, lr(0.02)).momentum(args.momentum).weight_decay(decay)),
        OptimizerName::Adam => Box::new(Adam::new(parameters, lr(1e-3)).weight_decay(decay)),
        OptimizerName::AdamW => Box::new(AdamW::new(parameters, lr(1e-3)).weight_decay(decay)),
    }
}

fn schedule(args: &Args) -> Schedule {
    match (args.schedule, args.lr) {
        (Some(ScheduleName::Cosine), _) | (None, None) => Schedule::Cosine,
        (Some(ScheduleName::Constant), _) | (None, Some(_)) => Schedule::Constant,
    }
}

/// Becomes true at the first Ctrl-C; the second one ends the program at once.
fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    const INTERRUPTED: i32 = 130;
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
    })?;
    Ok(stop)
}
