//! The folder that a training leaves behind. Every file appears whole or not at all.
//!
//! ```text
//! model.safetensors     the weights, and all that is needed to use them
//! metrics.jsonl         a JSON object a line and epoch
//! config.toml           the options
//! training.safetensors  where an unfinished training stands, for --resume: weights, the optimiser's state, the last step,
//!                       the state of the random numbers
//! ```

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jimu::io::safetensors::{self, Metadata};
use jimu::nn::StateDict;
use jimu::train::checkpoint::{self, ModelFile};
use jimu::train::{EpochMetrics, Step};
use serde::Serialize;

use crate::failure::Failure;

const METRICS: &str = "metrics.jsonl";
const CONFIG: &str = "config.toml";
const TRAINING: &str = "training.safetensors";

/// Where an unfinished training stands.
pub struct Progress {
    /// The model's weights.
    pub model: StateDict,
    /// The optimiser's state.
    pub optimizer: StateDict,
    /// The last step done.
    pub step: Step,
    /// See [`jimu::get_rng_state`].
    pub random: (u64, u64),
}

/// A run's folder.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder for a new run: the one asked for, or the first unused one of `runs/NAME`, `runs/NAME-2`, …
    pub fn create(asked: Option<&Path>, name: &str) -> Result<Self, Failure> {
        let folder = asked.map_or_else(|| unused(name), Path::to_path_buf);
        fs::create_dir_all(&folder).map_err(|error| Failure::io("cannot create the run folder", &folder, &error))?;
        // Whether it can be written to is better known now than after an hour of training.
        let probe = folder.join(format!(".jimu-{}", std::process::id()));
        fs::write(&probe, [])
            .and_then(|()| fs::remove_file(&probe))
            .map_err(|error| Failure::io("cannot write into the run folder", &folder, &error))?;
        Ok(Self(folder))
    }

    /// The folder of an unfinished run.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let run = Self(folder.to_path_buf());
        let explain = |text: &str, help: &str| Failure::new(format_args!("{}: {text}", folder.display())).hint(help);
        match (run.0.is_dir(), run.file(CONFIG).exists(), run.file(TRAINING).exists()) {
            (true, true, true) => Ok(run),
            (false, ..) => Err(explain("no such folder", "--resume takes the folder of an interrupted run")),
            (true, true, false) => Err(explain(
                "this run is finished",
                "start another one from its weights with --init, which takes the folder, too",
            )),
            (true, false, _) => Err(explain(
                "not the folder of a run: config.toml is missing",
                "--resume takes the folder of an interrupted run",
            )),
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn model_path(&self) -> PathBuf {
        self.file(checkpoint::FILE_NAME)
    }

    pub fn save_model(&self, model: &ModelFile) -> Result<(), Failure> {
        Ok(checkpoint::save(self.model_path(), model)?)
    }

    /// Writes `config.toml`.
    pub fn save_config(&self, config: &impl Serialize) -> Result<(), Failure> {
        write(&self.file(CONFIG), toml::to_string(config)?.as_bytes())
    }

    /// Reads `config.toml`.
    pub fn config<C: serde::de::DeserializeOwned>(&self) -> Result<C, Failure> {
        let text = read(&self.file(CONFIG))?;
        let bad = |error| Failure::new(format_args!("{}: {error}", self.file(CONFIG).display()));
        toml::from_str(&text).map_err(bad)
    }

    /// Writes `metrics.jsonl`.
    pub fn save_metrics(&self, lines: &str) -> Result<(), Failure> {
        write(&self.file(METRICS), lines.as_bytes())
    }

    /// The lines of the epochs before `epoch`.
    pub fn metrics_before(&self, epoch: usize) -> Result<String, Failure> {
        match self.file(METRICS).exists() {
            true => Ok(read(&self.file(METRICS))?.lines().take(epoch - 1).map(|line| format!("{line}\n")).collect()),
            false => Ok(String::new()),
        }
    }

    /// Notes where the training stands.
    pub fn save_progress(&self, progress: &Progress) -> Result<(), Failure> {
        let Progress { model, optimizer, step, random } = progress;
        let named = |prefix, state: &StateDict| -> Vec<_> {
            state.iter().map(|(name, tensor)| (format!("{prefix}.{name}"), tensor.clone())).collect()
        };
        let state = named("model", model).into_iter().chain(named("optimizer", optimizer)).collect();
        let metadata: Metadata = [
            ("epoch", step.epoch.to_string()),
            ("step", step.step.to_string()),
            ("steps", step.steps.to_string()),
            ("samples", step.samples.to_string()),
            // Rust prints as many digits as it takes to read the same number again.
            ("loss", step.loss.to_string()),
            ("accuracy", step.accuracy.to_string()),
            ("random.seed", random.0.to_string()),
            ("random.stream", random.1.to_string()),
        ]
        .map(|(key, value)| (format!("jimu.{key}"), value))
        .into();
        Ok(safetensors::save(self.file(TRAINING), &state, &metadata)?)
    }

    /// Where the training stands.
    pub fn progress(&self) -> Result<Progress, Failure> {
        let (state, metadata) = safetensors::load(self.file(TRAINING))?;
        let below = |prefix: &str| -> StateDict {
            let own = |(name, tensor): (&String, &jimu::Tensor)| {
                Some((name.strip_prefix(prefix)?.strip_prefix('.')?.to_owned(), tensor.clone()))
            };
            state.iter().filter_map(own).collect()
        };
        let entries = Entries { path: &self.file(TRAINING), metadata: &metadata };
        Ok(Progress {
            model: below("model"),
            optimizer: below("optimizer"),
            step: Step {
                epoch: entries.get::<usize>("epoch")?.max(1),
                step: entries.get("step")?,
                steps: entries.get("steps")?,
                samples: entries.get("samples")?,
                loss: entries.get("loss")?,
                accuracy: entries.get("accuracy")?,
            },
            random: (entries.get("random.seed")?, entries.get("random.stream")?),
        })
    }

    /// Forgets where the training stands: it is finished.
    pub fn clear_progress(&self) -> Result<(), Failure> {
        let file = self.file(TRAINING);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("cannot remove", &file, &error))
            }
            _ => Ok(()),
        }
    }
}

/// A file's table of strings.
struct Entries<'a> {
    path: &'a Path,
    metadata: &'a Metadata,
}

impl Entries<'_> {
    fn get<T: FromStr>(&self, key: &str) -> Result<T, Failure> {
        let value = self.metadata.get(&format!("jimu.{key}"));
        value.and_then(|text| text.parse().ok()).ok_or_else(|| {
            Failure::new(format_args!("{}: the entry jimu.{key} is missing or damaged", self.path.display()))
        })
    }
}

fn unused(name: &str) -> PathBuf {
    let candidates = (2..).map(|number| format!("runs/{name}-{number}"));
    let mut all = std::iter::once(format!("runs/{name}")).chain(candidates).map(PathBuf::from);
    all.find(|folder| !folder.exists()).expect("there are endless numbers")
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io("cannot read", path, &error))
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    jimu::io::write_atomically(path, content).map_err(|error| Failure::io("cannot write", path, &error))
}

/// A path as a word of a command line.
pub fn word(path: &Path) -> impl Display {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:=@%~\\".contains(c);
    if text.chars().all(plain) && !text.is_empty() { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Line {
    epoch: usize,
    train_loss: f64,
    train_accuracy: f64,
    test_loss: f64,
    test_accuracy: f64,
    seconds: f64,
    images_per_second: f64,
}

/// An epoch as one JSON object on a line of its own.
pub fn json_line(metrics: &EpochMetrics) -> Result<String, Failure> {
    let line = Line {
        epoch: metrics.epoch,
        train_loss: metrics.train_loss,
        train_accuracy: metrics.train_accuracy,
        test_loss: metrics.test_loss,
        test_accuracy: metrics.test_accuracy,
        seconds: metrics.seconds,
        images_per_second: metrics.images_per_second,
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(Some(folder.path()), "any").unwrap();
        let state = |name: &str| StateDict::from_iter([(name.to_owned(), jimu::Tensor::new([0.1, 0.7]))]);
        let step = Step { epoch: 2, step: 3, steps: 9, samples: 21, loss: 0.1 + 0.2, accuracy: f64::NAN };
        let (model, optimizer) = (state("fc1.weight"), state("state.0.momentum_buffer"));
        run.save_progress(&Progress { model, optimizer, step, random: (7, u64::MAX) }).unwrap();
        let found = run.progress().unwrap();
        assert_eq!((found.step.epoch, found.step.samples, found.step.loss), (2, 21, 0.1 + 0.2));
        assert!(found.step.accuracy.is_nan());
        assert_eq!(found.random, (7, u64::MAX));
        assert_eq!(found.model["fc1.weight"].to_vec::<f32>(), [0.1, 0.7]);
        assert_eq!(found.optimizer.keys().collect::<Vec<_>>(), ["state.0.momentum_buffer"]);
        run.clear_progress().unwrap();
        run.clear_progress().unwrap();
    }

    #[test]
    fn paths_are_quoted_where_a_shell_would_cut_them() {
        assert_eq!(word(Path::new("runs/mnist-2")).to_string(), "runs/mnist-2");
        assert_eq!(word(Path::new("my runs/it's")).to_string(), r"'my runs/it'\''s'");
    }
}
