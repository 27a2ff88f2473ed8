//! `jimu summary`, as a user runs it.

use std::process::{Command, Output};

fn jimu(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jimu")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_network_by_name() {
    let output = jimu(&["summary", "lenet5", "--input", "64,1,28,28"]);
    assert!(output.status.success());
    let table = text(&output.stdout);
    let line = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{table}"));
    let words = |start: &str| line(start).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let conv1 = ["conv1", "Conv2d", "[64,", "6,", "28,", "28]", "156", "7,526,400", "1.1", "MiB", "196.0", "KiB"];
    assert_eq!(words("conv1"), conv1);
    // Its input is what the ReLU before it keeps.
    let conv2 = ["conv2", "Conv2d", "[64,", "16,", "10,", "10]", "2,416", "15,360,000", "400.0", "KiB"];
    assert_eq!(words("conv2"), conv2);
    assert_eq!(line("parameters"), "parameters     61,706 (241.0 KiB)");
    assert_eq!(line("multiply-adds"), "multiply-adds  26,657,280");
}

#[test]
fn every_name_is_listed_and_shown() {
    let list = text(&jimu(&["summary", "--list"]).stdout);
    assert!(list.lines().count() >= 9, "{list}");
    for name in list.lines().filter_map(|line| line.split_whitespace().next()) {
        let output = jimu(&["summary", name, "--eval"]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn mistakes_are_told() {
    for (arguments, message) in [
        (vec!["summary", "lenet7"], "error: there is no model \"lenet7\" (did you mean"),
        (
            vec!["summary", "lenet5", "--input", "1,28"],
            "error: lenet5 takes images: --input needs batch, channels, height and width",
        ),
        (vec!["summary", "lenet", "--input", "1,1,8,8"], "error: lenet cannot take images of 8x8"),
    ] {
        let output = jimu(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with(message), "{}", text(&output.stderr));
    }
}

#[test]
fn a_run_that_does_not_fit_the_input_names_the_layer() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    let train =
        ["train", "--dataset", "fashion-mini", "--model", "lenet5", "--limit", "64", "--epochs", "1", "--quiet"];
    let output = jimu(&[&train[..], &["--out", run]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&jimu(&["summary", run]).stdout).contains("parameters     61,706"));

    let wrong = jimu(&["summary", run, "--input", "1,3,32,32"]);
    assert_eq!(wrong.status.code(), Some(1));
    let message = text(&wrong.stderr);
    assert!(message.starts_with("error: LeNet.conv1 (Conv2d): "), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    let larger = text(&jimu(&["summary", run, "--input", "1,1,40,40"]).stderr);
    assert!(larger.contains("LeNet.fc1 (Linear): the last dimension of the input must be 400"), "{larger}");
    assert!(larger.contains("before it, "), "{larger}");
}
