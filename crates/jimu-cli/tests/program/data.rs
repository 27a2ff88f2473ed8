//! `jimu data`, and data that is not as it should be.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{command, jimu, names};

/// IDX files of `count` grey images of 28x28 and labels `label`, under MNIST's names.
fn mnist(folder: &Path, count: u8, label: u8) {
    for split in ["train", "t10k"] {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        images.resize(16 + usize::from(count) * 784, 7);
        fs::write(folder.join(format!("{split}-images-idx3-ubyte")), images).unwrap();
        let mut labels = vec![0, 0, 8, 1, 0, 0, 0, count];
        labels.resize(8 + usize::from(count), label);
        fs::write(folder.join(format!("{split}-labels-idx1-ubyte")), labels).unwrap();
    }
}

/// Trains on the data in `folder`, which must fail, and leaves no run behind.
#[track_caller]
fn refused(dataset: &str, folder: &Path, message: &str) {
    let out = folder.join("run");
    let options = ["train", "--dataset", dataset, "--epochs", "1", "--data-dir"];
    let ran = command().args(options).arg(folder).arg("--out").arg(&out).output().unwrap();
    crate::support::Ran::from(ran).fails(1, message);
    assert!(!out.exists(), "a run that could not begin leaves no folder");
}

#[test]
fn good_files_of_the_users_own_are_learnt_from() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 9, 3);
    let (data, out) = (folder.path().to_str().unwrap(), folder.path().join("run"));
    let options = ["train", "--dataset", "mnist", "--epochs", "1", "--data-dir", data, "--out", out.to_str().unwrap()];
    let ran = jimu(options).ok();
    assert!(ran.out.contains("9 training images, 9 test images"), "{}", ran.out);
}

#[test]
fn an_empty_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for dataset in ["mnist", "fashion-mnist", "cifar-10"] {
        refused(dataset, folder.path(), &format!("holds no {dataset}"));
    }
    refused("mnist", &folder.path().join("none"), "holds no mnist");
}

#[test]
fn corrupt_idx_files_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("train-images-idx3-ubyte");
    mnist(folder.path(), 9, 3);
    let whole = fs::read(&images).unwrap();
    fs::write(&images, &whole[..2000]).unwrap();
    refused("mnist", folder.path(), "train-images-idx3-ubyte");
    fs::write(&images, b"<html>not found</html>").unwrap();
    refused("mnist", folder.path(), "train-images-idx3-ubyte");
    fs::remove_file(&images).unwrap();
    refused("mnist", folder.path(), "train-images-idx3-ubyte");
}

#[test]
fn labels_out_of_range_are_told() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 9, 10);
    refused("mnist", folder.path(), "label");
}

#[test]
fn corrupt_gzip_files_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 9, 3);
    let plain = folder.path().join("train-images-idx3-ubyte");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&fs::read(&plain).unwrap()).unwrap();
    let packed = packed.finish().unwrap();
    fs::remove_file(&plain).unwrap();
    let file = folder.path().join("train-images-idx3-ubyte.gz");
    fs::write(&file, &packed[..packed.len() - 12]).unwrap();
    refused("mnist", folder.path(), "train-images-idx3-ubyte.gz");
    let mut flipped = packed.clone();
    let checksum = flipped.len() - 6;
    flipped[checksum] ^= 0x55;
    fs::write(&file, flipped).unwrap();
    refused("mnist", folder.path(), "train-images-idx3-ubyte.gz");
}

#[test]
fn corrupt_cifar_files_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    for name in ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"] {
        write(name, &[1; 2 * 3073]);
    }
    refused("cifar-10", folder.path(), "test_batch.bin");
    write("test_batch.bin", &[1; 3073 + 5]);
    refused("cifar-10", folder.path(), "test_batch.bin");
    write("test_batch.bin", &[99; 3073]);
    refused("cifar-10", folder.path(), "label");
}

#[test]
fn a_cache_with_damaged_files_is_not_harmed_further() {
    let folder = tempfile::tempdir().unwrap();
    let cache: PathBuf = folder.path().join("datasets/mnist");
    fs::create_dir_all(&cache).unwrap();
    mnist(&cache, 9, 3);
    let before = names(&cache);
    let ran = command().args(["data", "verify", "mnist"]).env("JIMU_CACHE", folder.path()).output().unwrap();
    let ran = crate::support::Ran::from(ran).fails(1, "not the published data sets");
    assert!(ran.out.contains("not as published"), "{}", ran.out);
    assert_eq!(names(&cache), before);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for arguments in [&["data", "list"][..], &["data", "verify", "fashion-mini"], &["summary", "lenet5"], &["--help"]] {
        let mut child = command().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Closed before the first line comes.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{arguments:?}: {} {errors}", output.status);
    }
}
