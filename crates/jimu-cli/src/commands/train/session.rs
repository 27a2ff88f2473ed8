//! One training, from its data to its run folder.

use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jimu::Precision;
use jimu::data::{DataLoader, ImageSet};
use jimu::nn::{Block, StateDict};
use jimu::optim::{Optimizer, OptimizerState};
use jimu::train::checkpoint::{self, ModelFile, Normalization};
use jimu::train::{Appearance, EpochEnd, EpochMetrics, Every, Outcome, Step, Trainer, suits_shards};
use jimu::vision::datasets::{DatasetError, DatasetName, ImageData, ImageDataset};
use jimu::vision::models;

use super::args::{Args, NormalizeName};
use crate::augment::TrainingImages;
use crate::failure::Failure;
use crate::images::{self, PREFETCHED_BATCHES};
use crate::report;
use crate::run_folder::{self, Progress, RunFolder, word};
use crate::ui::{Ui, seconds_since_start};

/// The share of the test images whose score is lower than the one that is noted.
const LOW: f64 = 0.01;

/// A training that is ready to begin.
pub struct Session {
    args: Args,
    model: Box<dyn Block>,
    train: DataLoader<TrainingImages>,
    test: DataLoader<ImageSet>,
    /// What is known about the model but for its weights and what is measured on the way.
    file: ModelFile,
    folder: RunFolder,
    /// Where an earlier session has stopped.
    earlier: Option<Progress>,
    /// The last step done.
    last: Cell<Option<Step>>,
    /// The last epoch whose model is saved; 0 for none.
    saved: Cell<usize>,
    /// What the model's file says besides, once it has been measured.
    appearance: OnceCell<Option<Appearance>>,
    lowest_score: Cell<Option<f32>>,
}

/// Where `--metrics` go.
struct MetricsFile<'a> {
    path: &'a Path,
    file: File,
}

impl Session {
    /// A new training.
    pub fn begin(args: Args, ui: &Ui) -> Result<Self, Failure> {
        let data = load(&args, ui)?;
        let out = args.out.clone();
        let name = format!("{}-{}", data.name, args.model);
        let init = args.init.clone();
        Self::new(args, data, ui, |model| {
            if let Some(path) = init {
                let bad = |error| Failure::new(format_args!("--init {}: {error}", path.display()));
                model.load_state_dict(&initial_state(&path)?).map_err(bad)?;
            }
            RunFolder::create(out.as_deref(), &name)
        })
    }

    /// Goes on with an interrupted training.
    pub fn resume(args: Args, folder: RunFolder, ui: &Ui) -> Result<Self, Failure> {
        let (progress, path) = (folder.progress()?, folder.path().to_path_buf());
        let data = load(&args, ui)?;
        let mut session = Self::new(args, data, ui, |_| Ok(folder))?;
        let step = progress.step;
        if step.steps != session.train.len() {
            let (then, now) = (step.steps, session.train.len());
            return Err(Failure::new(format_args!(
                "{}: its epochs have {then} steps, but with this data they would have {now}",
                path.display()
            ))
            .hint("give the data that the run began with"));
        }
        session.model.load_state_dict(&progress.model)?;
        ui.line(&format!("going on in epoch {} after step {} of {}", step.epoch, step.step, step.steps));
        session.last.set(Some(step));
        session.earlier = Some(progress);
        Ok(session)
    }

    fn new(
        mut args: Args,
        mut data: ImageDataset,
        ui: &Ui,
        folder: impl FnOnce(&dyn Block) -> Result<RunFolder, Failure>,
    ) -> Result<Self, Failure> {
        shorten(&mut data.train, args.limit);
        // What a resumed run needs to know is what was taken, not what was asked for, and from any folder.
        args.dataset = Some(data.name);
        args.data_dir = args.data_dir.map(|path| std::path::absolute(&path).unwrap_or(path));
        let (name, classes) = (data.name, data.train.classes.clone());
        let (train, test) = (images::image_set(data.train), images::image_set(data.test));
        let [channels, height, width] = train.image_size();
        let (mean, std) = match args.normalize {
            NormalizeName::Standard => train.mean_and_std(),
            NormalizeName::None => (Vec::new(), Vec::new()),
        };
        let normalization = Normalization { mean, std };
        let model = models::by_name(&args.model, channels, height, width, classes.len()).map_err(Failure::usage)?;
        let folder = folder(&*model)?;
        let (training, testing) = (train.labels().len(), test.labels().len());
        ui.line(&format!("{name} from {}: {training} training images, {testing} test images", data.origin));
        ui.line(&format!("{} with {} parameters{}", args.model, model.num_parameters(), rounding(&args)));
        let train = images::normalized(train, &normalization);
        let train = TrainingImages::new(train, &normalization, &args.augment);
        let loader = DataLoader::new(train, args.batch_size);
        let file = ModelFile {
            model: args.model.clone(),
            dataset: name.to_string(),
            classes,
            channels,
            height,
            width,
            normalization,
            appearance: None,
            lowest_score: None,
            state: StateDict::new(),
        };
        Ok(Self {
            train: loader.shuffle(!args.no_shuffle).seed(args.seed).prefetch(PREFETCHED_BATCHES),
            test: images::test_loader(images::normalized(test, &file.normalization)),
            args,
            model,
            file,
            folder,
            earlier: None,
            last: Cell::new(None),
            saved: Cell::new(0),
            appearance: OnceCell::new(),
            lowest_score: Cell::new(None),
        })
    }

    /// Trains until the end, or until `stop`, and saves after each epoch and where it stops.
    pub fn train(&self, ui: &Ui, stop: &AtomicBool) -> Result<Outcome, Failure> {
        let mut optimizer = self.args.optimizer(&*self.model);
        let mut lines = self.restore(&mut *optimizer)?;
        let mut metrics = self.args.metrics.as_deref().map(|path| MetricsFile::open(path, &lines)).transpose()?;
        let flow = |go_on: bool| if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let mut failed = None;
        let trainer = Trainer::new(&*self.model, &mut *optimizer)
            .epochs(self.args.epochs)
            .boxed_scheduler(self.args.scheduler(self.args.epochs * self.train.len()), Every::Step)
            .shards(suits_shards(&*self.model))
            .precision(self.args.precision.precision())
            .on_step(|step| {
                ui.step(step);
                self.last.set(Some(*step));
                flow(!stop.load(Ordering::Relaxed))
            })
            .on_epoch(|end| {
                failed = self.save_epoch(end, &mut lines, metrics.as_mut()).err();
                // What is shown is saved.
                ui.epoch(end.metrics);
                let is_last = end.metrics.epoch == self.args.epochs;
                flow(failed.is_none() && (is_last || !stop.load(Ordering::Relaxed)))
            });
        let trainer = match &self.earlier {
            Some(earlier) => trainer.resume_after(earlier.step),
            None => trainer,
        };
        let outcome = trainer.fit(&self.train, &self.test);
        match (failed, outcome) {
            (Some(failure), _) => Err(self.explain(failure, true)),
            (None, Err(diverged)) => Err(self.explain(Failure::new(diverged), false)),
            (None, Ok(outcome)) => {
                if outcome.interrupted {
                    self.save(&*optimizer)?;
                }
                Ok(outcome)
            }
        }
    }

    /// Takes up what an earlier session has left, and gives the lines of its metrics.
    fn restore(&self, optimizer: &mut dyn Optimizer) -> Result<String, Failure> {
        let Some(Progress { optimizer: state, step, random, .. }) = &self.earlier else { return Ok(String::new()) };
        let tensors = state.iter().map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
        optimizer.load_state_dict(&OptimizerState { tensors, groups: optimizer.state_dict().groups })?;
        jimu::set_rng_state(*random);
        self.folder.metrics_before(step.epoch)
    }

    fn save_epoch(
        &self,
        end: &EpochEnd<'_>,
        lines: &mut String,
        also: Option<&mut MetricsFile<'_>>,
    ) -> Result<(), Failure> {
        let EpochMetrics { epoch, .. } = *end.metrics;
        let line = run_folder::json_line(end.metrics)?;
        lines.push_str(&line);
        self.lowest_score.set(end.evaluation.score_quantile(LOW));
        if epoch < self.args.epochs {
            // The next epoch, of which no step is done.
            let steps = self.train.len();
            self.last.set(Some(Step { epoch: epoch + 1, step: 0, steps, samples: 0, loss: 0.0, accuracy: 0.0 }));
            self.save(end.optimizer)?;
        } else {
            self.folder.save_config(&self.args)?;
            self.save_model()?;
        }
        self.saved.set(epoch);
        self.folder.save_metrics(lines)?;
        also.map_or(Ok(()), |file| file.append(&line))
    }

    /// Saves all that is needed to go on later.
    fn save(&self, optimizer: &dyn Optimizer) -> Result<(), Failure> {
        self.folder.save_config(&self.args)?;
        self.save_model()?;
        let Some(step) = self.last.get() else { return Ok(()) };
        let optimizer = optimizer.state_dict().tensors.into_iter().collect();
        let (model, random) = (self.model.state_dict(), jimu::get_rng_state());
        self.folder.save_progress(&Progress { model, optimizer, step, random })
    }

    fn save_model(&self) -> Result<(), Failure> {
        // Measured with the first model that is saved, so that the first step does not wait for it.
        let appearance = self.appearance.get_or_init(|| Appearance::of(self.train.dataset().images())).clone();
        let (state, lowest_score) = (self.model.state_dict(), self.lowest_score.get());
        self.folder.save_model(&ModelFile { state, appearance, lowest_score, ..self.file.clone() })
    }

    /// The failure, with what the last epoch that could be saved has left.
    fn explain(&self, failure: Failure, can_go_on: bool) -> Failure {
        match self.saved.get() {
            0 => failure,
            epoch => {
                let failure =
                    failure.hint(format_args!("the model of epoch {epoch} is in {}", word(&self.folder.model_path())));
                let folder = word(self.folder.path());
                let go_on = || format!("when that is mended, go on with: jimu train --resume {folder}");
                if can_go_on { failure.hint(go_on()) } else { failure }
            }
        }
    }

    /// Tells how the training ended.
    pub fn conclude(&self, outcome: Outcome, ui: &Ui) -> Result<(), Failure> {
        if let (true, Some(Step { epoch, step, steps, .. })) = (outcome.interrupted, self.last.get()) {
            let folder = word(self.folder.path());
            return Err(Failure::interrupted(format_args!(
                "interrupted in epoch {epoch}, after step {step} of {steps}; saved in {folder}\n\
                 go on with: jimu train --resume {folder}"
            )));
        }
        self.folder.clear_progress()?;
        if let Some(evaluation) = &outcome.evaluation {
            ui.line(&report::summary(evaluation, &self.file.classes));
        }
        ui.line(&format!("saved in {}", self.folder.model_path().display()));
        ui.line(&format!("{:.2} s since the program's start", seconds_since_start()));
        Ok(())
    }
}

impl<'a> MetricsFile<'a> {
    /// Begins the file with the lines of earlier sessions. It is not replaced but written to, as it may be a pipe.
    fn open(path: &'a Path, lines: &str) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| Failure::io("cannot write", path, &error))?;
        let mut metrics = Self { path, file };
        metrics.append(lines)?;
        Ok(metrics)
    }

    fn append(&mut self, lines: &str) -> Result<(), Failure> {
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.flush());
        written.map_err(|error| Failure::io("cannot write", self.path, &error))
    }
}

/// The data set asked for; without one MNIST, or the small set that is built in.
fn load(args: &Args, ui: &Ui) -> Result<ImageDataset, DatasetError> {
    let asked = args.dataset.unwrap_or(DatasetName::Mnist);
    match images::load(asked, args.data_dir.clone(), args.quiet) {
        Err(error) if args.dataset.is_none() && args.data_dir.is_none() => {
            ui.line(&format!("MNIST cannot be had; training on fashion-mini instead.\n{error}"));
            images::load(DatasetName::FashionMini, None, args.quiet)
        }
        loaded => loaded,
    }
}

/// What is multiplied, where it is not as ever.
fn rounding(args: &Args) -> &'static str {
    match args.precision.precision() {
        Precision::F32 => "",
        precision if precision.is_fast() => ", products of bfloat16",
        _ => ", products of bfloat16, for which this processor has no instructions: slower than --precision f32",
    }
}

fn shorten(data: &mut ImageData, limit: Option<usize>) {
    let count = limit.unwrap_or(usize::MAX).min(data.len());
    data.images.truncate(count * data.image_len());
    data.labels.truncate(count);
}

/// Weights by name: from a run folder, from a model that jimu saved, or from a file of PyTorch's or NumPy's.
fn initial_state(path: &Path) -> Result<StateDict, Failure> {
    let file = if path.is_dir() { path.join(checkpoint::FILE_NAME) } else { path.to_path_buf() };
    Ok(jimu::io::load_weights(file)?)
}
