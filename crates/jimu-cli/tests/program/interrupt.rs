//! Ctrl-C, and going on.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Ran, command, jimu, names};

// With random numbers in the data, too.
const OPTIONS: [&str; 11] = [
    "train",
    "--dataset",
    "fashion-mini",
    "--epochs",
    "8",
    "--batch-size",
    "16",
    "--seed",
    "3",
    "--augment",
    "crop,flip",
];

fn start(out: &Path, options: &[&str]) -> Child {
    let mut command = command();
    command.args(OPTIONS).arg("--out").arg(out).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until the program has said that epoch `epoch` is done, and sends Ctrl-C's signal.
fn interrupt_after(mut child: Child, epoch: usize) -> Ran {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut out, mut err) = (String::new(), String::new());
    while !out.contains(&format!("epoch {epoch}/")) {
        assert!(output.read_line(&mut out).unwrap() > 0, "ended too soon:\n{out}");
    }
    send(&child, "-INT");
    output.read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    Ran { code: child.wait().unwrap().code(), out, err }
}

#[test]
fn a_training_goes_on_to_the_very_model_that_it_would_have_had() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("in parts"));
    let ended = start(&whole, &["--quiet"]).wait_with_output().unwrap();
    Ran::from(ended).ok();

    let ran = interrupt_after(start(&parts, &[]), 2);
    assert_eq!(ran.code, Some(130), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("stopping after this step") && ran.err.contains("interrupted in epoch"), "{}", ran.err);
    let go_on = ran.err.lines().find_map(|line| line.strip_prefix("go on with: jimu ")).unwrap();
    assert_eq!(go_on, format!("train --resume '{}'", parts.display()));
    assert_eq!(names(&parts), ["config.toml", "metrics.jsonl", "model.safetensors", "training.safetensors"]);
    // What has been saved can be used at once.
    jimu(["eval", parts.to_str().unwrap()]).ok();

    let resume = ["train", "--resume", parts.to_str().unwrap(), "--threads", "1"];
    let again = command().args(resume).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ran = interrupt_after(again, 4);
    assert_eq!(ran.code, Some(130), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("going on in epoch"), "{}", ran.out);
    jimu(resume).ok();

    let model = |run: &Path| fs::read(run.join("model.safetensors")).unwrap();
    assert!(model(&whole) == model(&parts), "the models differ");
    let metrics = |run: &Path| {
        let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
        let line = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            (value["epoch"].as_u64().unwrap(), value["test_loss"].as_f64().unwrap(), value["train_accuracy"].clone())
        };
        text.lines().map(line).collect::<Vec<_>>()
    };
    assert_eq!(metrics(&whole), metrics(&parts));
    assert_eq!(names(&parts), ["config.toml", "metrics.jsonl", "model.safetensors"]);
    jimu(resume).fails(1, "this run is finished");
}

#[test]
fn the_second_ctrl_c_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    // One step, and that takes long.
    let options = ["--model", "mlp", "--batch-size", "16", "--epochs", "10000"];
    let mut all = command();
    all.args(["train", "--dataset", "fashion-mini", "--out"]).arg(folder.path()).args(options);
    let mut child = all.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("epoch 1/") {
        output.read_line(&mut line).unwrap();
    }
    // Stopped, it gets both before it can act on the first.
    send(&child, "-STOP");
    send(&child, "-INT");
    send(&child, "-CONT");
    send(&child, "-INT");
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    jimu(["eval", folder.path().to_str().unwrap()]).ok();
}

#[test]
fn what_cannot_be_gone_on_with_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    jimu(["train", "--resume", &format!("{path}/none")]).fails(1, "no such folder");
    jimu(["train", "--resume", path]).fails(1, "not the folder of a run");
    fs::write(folder.path().join("config.toml"), "epochs = \"many\"").unwrap();
    fs::write(folder.path().join("training.safetensors"), "x").unwrap();
    jimu(["train", "--resume", path]).fails(1, "config.toml");
}
