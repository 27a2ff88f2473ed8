//! The published MD5 checksums, of the unpacked files.
//!
//! They are compared with the files that the loaded images and labels make up, so they hold whatever layout the data was
//! read from: gzip, NumPy, pickle, PNG.

use md5::{Digest, Md5};

use super::cifar;
use super::idx;
use super::image_data::ImageData;
use super::name::DatasetName;

/// A file's name and its MD5.
pub(super) type Checksum = (&'static str, &'static str);

const MNIST: &[Checksum] = &[
    ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
    ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
    ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
    ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
];
const FASHION_MNIST: &[Checksum] = &[
    ("train-images-idx3-ubyte", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
    ("train-labels-idx1-ubyte", "9018921c3c673c538a1fc5bad174d6f9"),
    ("t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a"),
    ("t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965"),
];
const FASHION_MINI: &[Checksum] = &[
    ("train-images-idx3-ubyte", "3cf3da58a144b2c7fce64b07f5a60734"),
    ("train-labels-idx1-ubyte", "45354dcdce994940b6194df74969b714"),
    ("t10k-images-idx3-ubyte", "8454676ee55ada36acae27dbafe064ba"),
    ("t10k-labels-idx1-ubyte", "4d2f23bfdd61f381163e78ab31173520"),
];
const CIFAR_10: &[Checksum] = &[
    ("data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"),
    ("data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"),
    ("data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"),
    ("data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"),
    ("data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"),
    ("test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d"),
];

/// The files of the published set.
pub(super) fn published(name: DatasetName) -> &'static [Checksum] {
    match name {
        DatasetName::Mnist => MNIST,
        DatasetName::FashionMnist => FASHION_MNIST,
        DatasetName::FashionMini => FASHION_MINI,
        DatasetName::Cifar10 => CIFAR_10,
    }
}

#[cfg(feature = "download")]
pub(super) fn md5(bytes: &[u8]) -> String {
    hexadecimal(Md5::new_with_prefix(bytes))
}

fn hexadecimal(digest: Md5) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The MD5 of the file of this index as these images make it up.
fn md5_of_file(name: DatasetName, index: usize, train: &ImageData, test: &ImageData) -> String {
    let mut digest = Md5::new();
    for_each_piece(name, index, train, test, |piece| digest.update(piece));
    hexadecimal(digest)
}

/// The content that the published file of this index has if it is made of these images.
#[cfg(any(test, feature = "download"))]
pub(super) fn file_content(name: DatasetName, index: usize, train: &ImageData, test: &ImageData) -> Vec<u8> {
    let mut content = Vec::new();
    for_each_piece(name, index, train, test, |piece| content.extend_from_slice(piece));
    content
}

/// Shows that content piece by piece: a copy of it would double the memory that loading takes.
fn for_each_piece(name: DatasetName, index: usize, train: &ImageData, test: &ImageData, mut see: impl FnMut(&[u8])) {
    if name == DatasetName::Cifar10 {
        let (split, batch) = if index < 5 { (train, index) } else { (test, 0) };
        let first = (batch * cifar::BATCH).min(split.len());
        // Whatever goes beyond five training batches and one test batch belongs to the last, and shows as a difference.
        let last = if index < 4 { (first + cifar::BATCH).min(split.len()) } else { split.len() };
        let pixels = &split.images[first * cifar::IMAGE..last * cifar::IMAGE];
        return cifar::for_each_piece(pixels, &split.labels[first..last], see);
    }
    let split = if index < 2 { train } else { test };
    if index.is_multiple_of(2) {
        see(&idx::header_of_images(split.len(), split.height, split.width));
        see(&split.images);
    } else {
        see(&idx::header_of_labels(split.len()));
        see(&split.labels);
    }
}

/// The published files that these images differ from; none if they are the published set.
pub(super) fn differences(name: DatasetName, train: &ImageData, test: &ImageData) -> Vec<String> {
    let differs = |&(index, (_, expected)): &(usize, &Checksum)| md5_of_file(name, index, train, test) != *expected;
    published(name).iter().enumerate().filter(differs).map(|(_, (file, _))| (*file).to_owned()).collect()
}

/// The other published set, if there is one, that these images are.
pub(super) fn recognise_other(name: DatasetName, train: &ImageData, test: &ImageData) -> Option<DatasetName> {
    // The last file of a set is its smallest or no larger than the others, so what is no match is seen soonest there.
    let is = |other: DatasetName| {
        published(other)
            .iter()
            .enumerate()
            .rev()
            .all(|(index, (_, expected))| md5_of_file(other, index, train, test) == *expected)
    };
    let same_files = |other: &DatasetName| *other != name && published(*other).len() == published(name).len();
    DatasetName::all().into_iter().filter(same_files).find(|&other| is(other))
}
