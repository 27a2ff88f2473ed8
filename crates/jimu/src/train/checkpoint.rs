//! Trained models on disk: weights as safetensors, and beside them, in the file's table of strings, all that is needed to
//! use them.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use super::{Appearance, Range};
use crate::io::safetensors::{self, FileError, Metadata};
use crate::nn::StateDict;

/// The name of the model's file within a run folder.
pub const FILE_NAME: &str = "model.safetensors";

/// How pixels, as numbers from 0 to 1, were standardised: `(x - mean) / std`, channel by channel. Without means and
/// deviations they are left as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normalization {
    /// One mean a channel, or none.
    pub mean: Vec<f32>,
    /// One deviation a channel, or none.
    pub std: Vec<f32>,
}

/// A trained model: what it is called, what it takes, what it tells apart, and its weights.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// The model's name, such as `lenet5`.
    pub model: String,
    /// The data set that it was trained on.
    pub dataset: String,
    /// The classes' names; the model's outputs are in this order.
    pub classes: Vec<String>,
    /// Channels of an image: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Height of an image in pixels.
    pub height: usize,
    /// Width of an image in pixels.
    pub width: usize,
    /// What was done to the pixels.
    pub normalization: Normalization,
    /// How the training images look.
    pub appearance: Option<Appearance>,
    /// The [score](super::Evaluation::scores) that 1 in 100 test images stays below.
    pub lowest_score: Option<f32>,
    /// The weights by PyTorch's names.
    pub state: StateDict,
}

/// Why a model could not be saved or loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file could not be read or written, or is not in the safetensors format.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder that is not a run folder.
    #[error("{} is a folder without {FILE_NAME}\n  help: give the folder that jimu train has made, or the file itself", .0.display())]
    NotARun(PathBuf),
    /// Tensors that another program has saved.
    #[error(
        "{} is a safetensors file without jimu's metadata: {key} is missing\n  \
         help: it holds tensors alone; start a training from them by --init", path.display()
    )]
    NoMetadata {
        /// The file.
        path: PathBuf,
        /// The first entry that was looked for and not found.
        key: String,
    },
    /// An entry of the metadata makes no sense.
    #[error("{}: the metadata's {key} is {value:?}, which is not {expected}", path.display())]
    BadMetadata {
        /// The file.
        path: PathBuf,
        /// The entry's name.
        key: String,
        /// What it says.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// Saves a model; the file is replaced whole or not at all.
///
/// # Errors
/// If the file cannot be written; an old file of that name is as it was.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::train::checkpoint::{self, ModelFile, Normalization};
/// let folder = tempfile::tempdir()?;
/// let model = ModelFile {
///     model: "mlp".into(),
///     dataset: "mnist".into(),
///     classes: vec!["zero".into(), "one".into()],
///     channels: 1,
///     height: 28,
///     width: 28,
///     normalization: Normalization { mean: vec![0.1307], std: vec![0.3081] },
///     appearance: None,
///     lowest_score: Some(4.5),
///     state: [("bias".to_owned(), Tensor::new([0.5, -0.5]))].into_iter().collect(),
/// };
/// checkpoint::save(folder.path().join(checkpoint::FILE_NAME), &model)?;
///
/// let loaded = checkpoint::load(folder.path())?;
/// assert_eq!(loaded.classes, ["zero", "one"]);
/// assert_eq!(loaded.normalization, model.normalization);
/// assert_eq!(loaded.state["bias"].to_vec::<f32>(), [0.5, -0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(path: impl AsRef<Path>, file: &ModelFile) -> Result<(), CheckpointError> {
    let join = |numbers: &[f32]| numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
    let mut metadata: Metadata = [
        // Other programs look for this entry: names and shapes are PyTorch's.
        ("format", "pt".to_owned()),
        ("jimu.model", file.model.clone()),
        ("jimu.dataset", file.dataset.clone()),
        ("jimu.classes", file.classes.len().to_string()),
        ("jimu.channels", file.channels.to_string()),
        ("jimu.height", file.height.to_string()),
        ("jimu.width", file.width.to_string()),
        ("jimu.mean", join(&file.normalization.mean)),
        ("jimu.std", join(&file.normalization.std)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    metadata.extend(file.appearance.iter().flat_map(appearance_entries));
    metadata.extend(file.lowest_score.map(|score| (SCORE.to_owned(), score.to_string())));
    metadata.extend(file.classes.iter().enumerate().map(|(index, name)| (class_key(index), name.clone())));
    Ok(safetensors::save(path, &file.state, &metadata)?)
}

const SCORE: &str = "jimu.lowest_score";
const BACKGROUND: &str = "jimu.background";
const EXTENT: &str = "jimu.extent";
const CENTRED_BY: &str = "jimu.centred_by";

fn appearance_entries(look: &Appearance) -> Vec<(String, String)> {
    let range = |[least, greatest]: Range| format!("{least},{greatest}");
    let centred_by = if look.centred_by_mass { "mass" } else { "outline" };
    let mut entries = vec![
        ("jimu.brightness", range(look.brightness)),
        ("jimu.contrast", range(look.contrast)),
        ("jimu.roughness", range(look.roughness)),
        (EXTENT, look.extent.to_string()),
        (CENTRED_BY, centred_by.to_owned()),
    ];
    entries.extend(look.background.map(|colour| (BACKGROUND, colour.to_string())));
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Loads a model from a run folder or a file.
///
/// # Errors
/// If there is no such file, it is damaged, or jimu has not written it: the error says what the file is instead.
///
/// ```
/// let error = jimu::train::checkpoint::load("no/such/run").unwrap_err();
/// assert!(error.to_string().starts_with("cannot read no/such/run: "));
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<ModelFile, CheckpointError> {
    let path = path.as_ref();
    let inside = path.join(FILE_NAME);
    if path.is_dir() && !inside.exists() {
        return Err(CheckpointError::NotARun(path.to_owned()));
    }
    let path = if path.is_dir() { inside } else { path.to_owned() };
    let (state, metadata) = safetensors::load(&path)?;
    Entries { path, metadata }.model_file(state)
}

fn class_key(index: usize) -> String {
    format!("jimu.class.{index}")
}

/// The metadata of a file, whose path is for messages.
struct Entries {
    path: PathBuf,
    metadata: Metadata,
}

impl Entries {
    fn model_file(&self, state: StateDict) -> Result<ModelFile, CheckpointError> {
        let model = self.text("jimu.model")?;
        let channels = self.number("jimu.channels", "a number above 0")?;
        // Read one by one until an entry is missing, so that a wild number of classes cannot ask for wild memory.
        let mut classes = Vec::new();
        for index in 0..self.number("jimu.classes", "a number above 0")? {
            classes.push(self.text(&class_key(index))?);
        }
        Ok(ModelFile {
            model,
            dataset: self.text("jimu.dataset")?,
            classes,
            channels,
            height: self.number("jimu.height", "a number above 0")?,
            width: self.number("jimu.width", "a number above 0")?,
            normalization: Normalization {
                mean: self.numbers("jimu.mean", channels, |_| true)?,
                std: self.numbers("jimu.std", channels, |x| x > 0.0)?,
            },
            appearance: self.appearance()?,
            lowest_score: self.metadata.contains_key(SCORE).then(|| self.one(SCORE)).transpose()?,
            state,
        })
    }

    /// None if the file says nothing about it.
    fn appearance(&self) -> Result<Option<Appearance>, CheckpointError> {
        if !self.metadata.contains_key("jimu.brightness") {
            return Ok(None);
        }
        Ok(Some(Appearance {
            brightness: self.range("jimu.brightness")?,
            contrast: self.range("jimu.contrast")?,
            roughness: self.range("jimu.roughness")?,
            background: self.metadata.contains_key(BACKGROUND).then(|| self.one(BACKGROUND)).transpose()?,
            extent: self.one(EXTENT)?,
            centred_by_mass: match self.text(CENTRED_BY)?.as_str() {
                "mass" => true,
                "outline" => false,
                other => return Err(self.bad(CENTRED_BY, other.to_owned(), "mass or outline")),
            },
        }))
    }

    fn one(&self, key: &str) -> Result<f32, CheckpointError> {
        let value = self.text(key)?;
        finite(&value).ok_or_else(|| self.bad(key, value, "a number"))
    }

    fn range(&self, key: &str) -> Result<Range, CheckpointError> {
        let value = self.text(key)?;
        let parsed = value.split_once(',').and_then(|(least, greatest)| Some([finite(least)?, finite(greatest)?]));
        parsed.ok_or_else(|| self.bad(key, value, "two numbers"))
    }

    fn text(&self, key: &str) -> Result<String, CheckpointError> {
        let missing = || CheckpointError::NoMetadata { path: self.path.clone(), key: key.to_owned() };
        self.metadata.get(key).cloned().ok_or_else(missing)
    }

    fn number(&self, key: &str, expected: &'static str) -> Result<usize, CheckpointError> {
        let value = self.text(key)?;
        value.parse().ok().filter(|&number| number > 0).ok_or_else(|| self.bad(key, value, expected))
    }

    /// No numbers, or one for each channel.
    fn numbers(&self, key: &str, count: usize, valid: fn(f32) -> bool) -> Result<Vec<f32>, CheckpointError> {
        let value = self.text(key)?;
        let parsed: Option<Vec<f32>> = value.split(',').filter(|part| !part.is_empty()).map(finite).collect();
        parsed
            .filter(|numbers| numbers.is_empty() || numbers.len() == count)
            .filter(|numbers| numbers.iter().all(|&number| valid(number)))
            .ok_or_else(|| self.bad(key, value, "one number for each channel (a deviation is above 0)"))
    }

    fn bad(&self, key: &str, value: String, expected: &'static str) -> CheckpointError {
        CheckpointError::BadMetadata { path: self.path.clone(), key: key.to_owned(), value, expected }
    }
}

fn finite(text: &str) -> Option<f32> {
    f32::from_str(text).ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;

    fn write(entries: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let state = [("w".to_owned(), Tensor::zeros([1]))].into_iter().collect();
        safetensors::save(&path, &state, &entries).unwrap();
        load(folder.path()).unwrap_err().to_string()
    }

    #[test]
    fn other_files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(message.contains("is a folder without model.safetensors"), "{message}");
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "PK\x03\x04 zipped").unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("this is not a safetensors file"));
        let message = write(&[("format", "pt")]);
        assert!(message.contains("a safetensors file without jimu's metadata: jimu.model is missing"), "{message}");
    }

    #[test]
    fn metadata_that_makes_no_sense_is_an_error() {
        let message = write(&[("jimu.model", "mlp"), ("jimu.channels", "-1")]);
        assert!(message.contains("the metadata's jimu.channels is \"-1\", which is not a number above 0"), "{message}");
        let whole = |std| {
            write(&[
                ("jimu.model", "mlp"),
                ("jimu.dataset", "mnist"),
                ("jimu.classes", "1"),
                ("jimu.class.0", "zero"),
                ("jimu.channels", "1"),
                ("jimu.height", "2"),
                ("jimu.width", "2"),
                ("jimu.mean", "0.5"),
                ("jimu.std", std),
            ])
        };
        for std in ["0", "NaN", "1,2", "wide"] {
            assert!(whole(std).contains(&format!("the metadata's jimu.std is {std:?}")), "{std}");
        }
    }

    #[test]
    fn the_appearance_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let appearance = Appearance {
            brightness: [0.1, 0.3],
            contrast: [0.2, 0.4],
            roughness: [0.01, 0.07],
            background: Some(0.0),
            extent: 5.0 / 7.0,
            centred_by_mass: true,
        };
        let whole = ModelFile {
            model: "mlp".into(),
            dataset: "mnist".into(),
            classes: vec!["zero".into()],
            channels: 1,
            height: 2,
            width: 2,
            normalization: Normalization::default(),
            appearance: Some(appearance),
            lowest_score: Some(-1.5),
            state: StateDict::new(),
        };
        let without = ModelFile { appearance: None, lowest_score: None, ..whole.clone() };
        for file in [whole, without] {
            save(folder.path().join(FILE_NAME), &file).unwrap();
            let loaded = load(folder.path()).unwrap();
            assert_eq!((loaded.appearance, loaded.lowest_score), (file.appearance, file.lowest_score));
        }
    }
}
