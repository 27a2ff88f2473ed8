//! `fashion-mini`, which is part of the library. `scripts/draw_fashion_mini.py` drew it.

use std::path::Path;

use super::error::{DatasetError, FormatError};
use super::idx;
use super::image_data::ImageData;
use super::layout::{Splits, grey};
use super::name::DatasetName;

macro_rules! packed {
    ($file:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/fashion-mini/", $file, ".gz"))
    };
}

pub(super) const ORIGIN: &str = "built into jimu";

pub(super) fn fashion_mini() -> Result<Splits, DatasetError> {
    let train = split(packed!("train-images-idx3-ubyte"), packed!("train-labels-idx1-ubyte"));
    let test = split(packed!("t10k-images-idx3-ubyte"), packed!("t10k-labels-idx1-ubyte"));
    let named = |error| DatasetError::malformed(ORIGIN, error);
    Ok((train.map_err(named)?, test.map_err(named)?))
}

fn split(images: &[u8], labels: &[u8]) -> Result<ImageData, FormatError> {
    let name = DatasetName::FashionMini;
    let labels = idx::parse_labels(labels, name.classes().len())?;
    grey(name, idx::parse_images(images)?, labels, Path::new(ORIGIN))
}
