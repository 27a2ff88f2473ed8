//! `jimu train` as a user runs it, on the set that is built in.
#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn train(out: &Path, options: &[&str]) -> Output {
    let fixed = ["train", "--dataset", "fashion-mini", "--epochs", "1", "--limit", "256", "--out"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_jimu"));
    command.args(fixed).arg(out).args(options).output().expect("the program starts")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_leaves_model_metrics_and_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let output = train(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let lines = fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(metrics["epoch"], 1);
    for name in ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds", "images_per_second"] {
        assert!(metrics[name].is_number(), "{name} in {metrics}");
    }
    let config = fs::read_to_string(folder.path().join("config.toml")).unwrap();
    assert!(config.contains("dataset = \"fashion-mini\""), "{config}");
    assert!(folder.path().join("model.safetensors").is_file());
}

#[test]
fn the_same_seed_gives_the_same_bits_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let model = |threads: &str| {
        let out = folder.path().join(threads);
        let output = train(&out, &["--threads", threads, "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(output.stdout.is_empty());
        let (weights, _) = jimu::io::safetensors::load(out.join("model.safetensors")).unwrap();
        let bits = |weight: &jimu::Tensor| weight.to_vec::<f32>().into_iter().map(f32::to_bits).collect::<Vec<_>>();
        weights.iter().map(|(name, weight)| (name.clone(), bits(weight))).collect::<Vec<_>>()
    };
    let one = model("1");
    assert!(one == model("2") && one == model("7"));
}

#[test]
fn what_cannot_be_done_has_a_message_and_a_code() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(train(folder.path(), &["--no-such-option"]).status.code(), Some(2));
    let file = folder.path().join("file");
    fs::write(&file, "kept").unwrap();
    let output = train(&file.join("run"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).starts_with("error: cannot create the run folder"), "{}", errors(&output));
    assert_eq!(fs::read_to_string(file).unwrap(), "kept");
}

#[test]
fn divergence_ends_the_run_and_keeps_the_earlier_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.safetensors");
    fs::write(&model, "earlier").unwrap();
    let output = train(folder.path(), &["--lr", "1e30"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("the training diverged"), "{}", errors(&output));
    assert_eq!(fs::read_to_string(model).unwrap(), "earlier");
}
