//! `jimu train --preset`, on the real images.

use std::process::Output;

use crate::support::{Ran, command, jimu};

/// The last epoch's test accuracy of a run of a preset, in percent.
fn accuracy(preset: &str, seed: &str) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["train", "--preset", preset, "--seed", seed, "--out", folder.path().to_str().unwrap()];
    let output: Output = command().args(arguments).output().expect("the program starts");
    let ran = Ran::from(output).ok();
    assert!(ran.out.contains("s since the program's start"), "{}", ran.out);
    let line = ran.out.lines().find_map(|line| line.strip_prefix("test accuracy ")).expect("a test at the end");
    line.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn mnist_99_keeps_its_word() {
    let accuracy = accuracy("mnist-99", "0");
    assert!(accuracy >= 99.0, "{accuracy} %");
}

#[test]
fn a_preset_is_suggested_and_refused_beside_resume() {
    jimu(["train", "--preset", "mnist-98"]).fails(2, "a similar value exists: 'mnist-99'");
    jimu(["train", "--resume", "run", "--preset", "mnist-99"]).fails(2, "cannot be used with");
}
