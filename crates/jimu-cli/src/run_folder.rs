//! The folder that a training leaves behind. Every file appears whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use jimu::train::EpochMetrics;
use serde::Serialize;

use crate::failure::Failure;

/// Makes the folder for a run: the one asked for, or the first unused one of `runs/NAME`, `runs/NAME-2`, …
pub fn create(asked: Option<&Path>, name: &str) -> Result<PathBuf, Failure> {
    let folder = asked.map_or_else(|| unused(name), Path::to_path_buf);
    fs::create_dir_all(&folder).map_err(|error| Failure::io("cannot create the run folder", &folder, &error))?;
    Ok(folder)
}

fn unused(name: &str) -> PathBuf {
    let candidates = (2..).map(|number| format!("runs/{name}-{number}"));
    let mut all = std::iter::once(format!("runs/{name}")).chain(candidates).map(PathBuf::from);
    all.find(|folder| !folder.exists()).expect("there are endless numbers")
}

/// Writes beside the file and renames, so that a full disk leaves the earlier file whole.
pub fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let done = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    done.map_err(|error| {
        // What is left of it helps nobody; the error that matters is the first one.
        let _ = fs::remove_file(&beside);
        Failure::io("cannot write", path, &error)
    })
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
