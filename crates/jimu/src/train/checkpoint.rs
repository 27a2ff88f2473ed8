//! Trained models as files: the weights in safetensors under PyTorch's names, and beside them what is needed to use them.

use std::path::{Path, PathBuf};

use crate::io::safetensors::{self, FileError, Metadata};
use crate::nn::{Block, LoadStateDictError, StateDict};
use crate::vision::models::{self, ModelError};

/// The file of the weights in a run folder.
pub const MODEL_FILE: &str = "model.safetensors";

/// How pixels became the numbers that the model was trained on: (pixel / 255 - mean) / std, channel by channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// Subtracted, one for each channel.
    pub mean: Vec<f32>,
    /// Divided by, one for each channel.
    pub std: Vec<f32>,
}

/// A trained classifier of images.
///
/// # Examples
/// ```
/// use jimu::nn::Module;
/// use jimu::train::checkpoint::{ModelFile, Normalization, load, save};
/// use jimu::vision::models;
///
/// let model = models::by_name("lenet5", 1, 28, 28, 10)?;
/// let file = ModelFile {
///     model: "lenet5".to_owned(),
///     dataset: "mnist".to_owned(),
///     classes: (0..10).map(|digit| digit.to_string()).collect(),
///     channels: 1,
///     height: 28,
///     width: 28,
///     normalization: Normalization { mean: vec![0.13], std: vec![0.31] },
///     state: model.state_dict(),
/// };
/// let folder = tempfile::tempdir()?;
/// save(folder.path(), &file)?;
/// let loaded = load(folder.path())?;
/// assert_eq!(loaded.classes[7], "7");
/// assert_eq!(loaded.build()?.num_parameters(), 61_706);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// The network's name, as [`models::by_name`] knows it.
    pub model: String,
    /// The data set that it was trained on.
    pub dataset: String,
    /// What the classes are called.
    pub classes: Vec<String>,
    /// Channels of the images.
    pub channels: usize,
    /// Rows of the images.
    pub height: usize,
    /// Columns of the images.
    pub width: usize,
    /// How pixels became numbers.
    pub normalization: Normalization,
    /// The weights.
    pub state: StateDict,
}

/// Why a model cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read or written, or is no safetensors file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds tensors, but does not say what they are.
    #[error(
        "{}: a safetensors file without jimu's metadata ({what})\n  help: weights of another program can be trained on with `jimu train --init`",
        path.display()
    )]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is missing or makes no sense.
        what: String,
    },
    /// The network cannot be built.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The weights are those of another network.
    #[error(transparent)]
    State(#[from] LoadStateDictError),
}

impl ModelFile {
    /// The network with its weights.
    ///
    /// # Errors
    /// If there is no such network, or the weights are those of another.
    pub fn build(&self) -> Result<Box<dyn Block>, CheckpointError> {
        let model = models::by_name(&self.model, self.channels, self.height, self.width, self.classes.len())?;
        model.load_state_dict(&self.state)?;
        Ok(model)
    }

    fn metadata(&self) -> Metadata {
        let list = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
        let size = format!("{},{},{}", self.channels, self.height, self.width);
        let pairs = [
            ("format", "pt".to_owned()),
            ("jimu.model", self.model.clone()),
            ("jimu.dataset", self.dataset.clone()),
            ("jimu.classes", self.classes.join("\n")),
            ("jimu.size", size),
            ("jimu.mean", list(&self.normalization.mean)),
            ("jimu.std", list(&self.normalization.std)),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Where the weights of a run folder, or of a file, lie.
fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(MODEL_FILE) } else { path.to_owned() }
}

/// Writes a model into a run folder, or to a file; an older one is replaced whole or not at all.
///
/// # Errors
/// If the file cannot be written.
///
/// See [`ModelFile`] for an example.
pub fn save(path: impl AsRef<Path>, model: &ModelFile) -> Result<(), CheckpointError> {
    Ok(safetensors::save(file_of(path.as_ref()), &model.state, &model.metadata())?)
}

/// Reads a model from a run folder or a file.
///
/// # Errors
/// If the file cannot be read, or does not say what its tensors are.
///
/// See [`ModelFile`] for an example.
pub fn load(path: impl AsRef<Path>) -> Result<ModelFile, CheckpointError> {
    let path = file_of(path.as_ref());
    let (state, metadata) = safetensors::load(&path)?;
    let wrong = |what: &str| CheckpointError::Metadata { path: path.clone(), what: what.to_owned() };
    let text = |name: &str| metadata.get(name).cloned().ok_or_else(|| wrong(&format!("no {name}")));
    let numbers = |name: &str| -> Result<Vec<f32>, CheckpointError> {
        let parse = |number: &str| number.parse().map_err(|_| wrong(&format!("{name} is no list of numbers")));
        text(name)?.split(',').map(parse).collect()
    };
    let size: Vec<usize> = numbers("jimu.size")?.into_iter().map(|size| size as usize).collect();
    let [channels, height, width] = size[..] else { return Err(wrong("jimu.size is not three numbers")) };
    let normalization = Normalization { mean: numbers("jimu.mean")?, std: numbers("jimu.std")? };
    if normalization.mean.len() != channels || normalization.std.len() != channels {
        return Err(wrong("jimu.mean and jimu.std have not one number for each channel"));
    }
    let classes = text("jimu.classes")?.lines().map(str::to_owned).collect();
    let (model, dataset) = (text("jimu.model")?, text("jimu.dataset")?);
    Ok(ModelFile { model, dataset, classes, channels, height, width, normalization, state })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn weights_of_another_program_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(MODEL_FILE);
        let state = StateDict::from_iter([("weight".to_owned(), Tensor::zeros([2]))]);
        safetensors::save(&path, &state, &Metadata::new()).unwrap();
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(message.contains("without jimu's metadata (no jimu.size)"), "{message}");
        assert!(load(folder.path().join("none")).unwrap_err().to_string().starts_with("cannot read"));
    }
}
