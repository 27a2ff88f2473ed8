#[cfg(feature = "download")]
mod caching;
mod formats;
mod search;

#[cfg(feature = "download")]
mod fetching;
#[cfg(feature = "download")]
mod packages;
#[cfg(feature = "download")]
mod server;

use std::fs;
use std::path::Path;

use super::checksums::{file_content, published};
use super::layout::Splits;
use super::name::DatasetName;
use super::places::Surroundings;
use super::{Locator, built_in, idx};

/// A locator that sees nothing of this machine but the given folder.
fn locator_in(folder: &Path) -> Locator {
    let mut locator = Locator::new().download(false);
    locator.surroundings = Surroundings {
        jimu_data: None,
        working_dir: folder.join("work"),
        home: Some(folder.join("home")),
        keras: Some(folder.join("home/.keras")),
        debian: folder.join("debian"),
        cache: Some(folder.join("cache")),
    };
    locator
}

fn mini() -> Splits {
    built_in::fashion_mini().unwrap()
}

/// The published files of fashion-mini: name and content.
fn mini_files() -> Vec<(&'static str, Vec<u8>)> {
    let (train, test) = mini();
    let name = DatasetName::FashionMini;
    published(name)
        .iter()
        .enumerate()
        .map(|(index, (file, _))| (*file, file_content(name, index, &train, &test)))
        .collect()
}

/// A tiny set of someone's own: 4 + 2 images of 2x3 pixels.
fn write_own_idx(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (split, count) in [("train", 4_u8), ("t10k", 2)] {
        let pixels: Vec<u8> = (0..count * 6).collect();
        let labels: Vec<u8> = (0..count).collect();
        let images = idx::encode_images(&pixels, usize::from(count), 2, 3);
        fs::write(folder.join(format!("{split}-images-idx3-ubyte")), images).unwrap();
        fs::write(folder.join(format!("{split}-labels-idx1-ubyte")), idx::encode_labels(&labels)).unwrap();
    }
}

#[track_caller]
fn assert_contains(text: &impl ToString, wanted: &str) {
    let text = text.to_string();
    assert!(text.contains(wanted), "{wanted:?} is not in:\n{text}");
}
