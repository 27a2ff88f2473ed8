//! From a data set's bytes to what a model is trained and tested on.

use std::path::PathBuf;

use jimu::data::{DataLoader, ImageSet};
use jimu::nn::Block;
use jimu::train::checkpoint::{ModelFile, Normalization};
use jimu::vision::datasets::{DatasetError, DatasetName, ImageData, ImageDataset, Locator};
use jimu::vision::models;

use crate::failure::Failure;

/// Images in one batch of a test: large enough to be fast, small enough to stay in the cache.
const TEST_BATCH: usize = 256;
/// Batches that are made ahead.
pub const PREFETCHED_BATCHES: usize = 4;

/// Loads a data set, telling what is fetched on the way unless `quiet`.
pub fn load(name: DatasetName, data_dir: Option<PathBuf>, quiet: bool) -> Result<ImageDataset, DatasetError> {
    let mut locator = Locator::new().data_dir(data_dir);
    if !quiet {
        locator = locator.on_progress(crate::progress::fetching());
    }
    locator.load(name)
}

/// The images with their labels, as bytes.
pub fn image_set(data: ImageData) -> ImageSet {
    let labels = data.labels.iter().map(|&label| i64::from(label)).collect();
    ImageSet::new(data.images, [data.channels, data.height, data.width], labels)
}

/// The images with their pixels standardised.
pub fn normalized(set: ImageSet, normalization: &Normalization) -> ImageSet {
    match normalization.mean.is_empty() {
        true => set,
        false => set.normalize(&normalization.mean, &normalization.std),
    }
}

/// A loader over the images for a test.
pub fn test_loader(set: ImageSet) -> DataLoader<ImageSet> {
    DataLoader::new(set, TEST_BATCH).prefetch(PREFETCHED_BATCHES)
}

/// The model of a file, with its weights.
pub fn rebuild(file: &ModelFile) -> Result<Box<dyn Block>, Failure> {
    let model = models::by_name(&file.model, file.channels, file.height, file.width, file.classes.len())?;
    model.load_state_dict(&file.state)?;
    Ok(model)
}
