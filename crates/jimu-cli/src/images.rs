//! From a data set's bytes to what a model is trained and tested on.

use std::path::PathBuf;

use jimu::data::{DataLoader, ImageSet};
use jimu::train::checkpoint::Normalization;
use jimu::vision::datasets::{DatasetError, DatasetName, ImageData, ImageDataset, Locator};

/// Images in one batch of a test: large enough to be fast, small enough to stay in the cache.
const TEST_BATCH: usize = 250;

/// Loads a data set, telling what is fetched on the way unless `quiet`.
pub fn load(name: DatasetName, data_dir: Option<PathBuf>, quiet: bool) -> Result<ImageDataset, DatasetError> {
    let mut locator = Locator::new().data_dir(data_dir);
    if !quiet {
        locator = locator.on_progress(crate::progress::fetching());
    }
    locator.load(name)
}

/// The images, normalised.
fn image_set(data: &ImageData, normalization: &Normalization) -> ImageSet {
    let images = data.images.clone();
    let labels = data.labels.iter().map(|&label| i64::from(label)).collect();
    let set = ImageSet::new(images, [data.channels, data.height, data.width], labels);
    match normalization.mean.is_empty() {
        true => set,
        false => set.normalize(&normalization.mean, &normalization.std),
    }
}

/// A loader over the images for a test.
pub fn test_loader(data: &ImageData, normalization: &Normalization) -> DataLoader<ImageSet> {
    DataLoader::new(image_set(data, normalization), TEST_BATCH).prefetch(2)
}
