//! Disks that are full, folders that cannot be written to.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{QUICK, Ran, names, train};

#[test]
fn a_folder_that_cannot_be_made_is_told_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "kept").unwrap();
    let ran = train(&file.join("run"), &[]).fails(1, "cannot create the run folder");
    assert!(!ran.out.contains("epoch"), "{}", ran.out);
    assert_eq!(fs::read_to_string(file).unwrap(), "kept");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_is_told_before_training() {
    // Nobody, not even root, may make files here.
    let ran = train(Path::new("/proc/self"), &[]).fails(1, "cannot write into the run folder /proc/self");
    assert!(!ran.out.contains("epoch"), "{}", ran.out);
}

/// The program with files of at most `blocks` of 512 bytes: as on a full disk, a write beyond fails.
#[cfg(unix)]
fn limited(blocks: u32, out: &Path, options: &[&str]) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_jimu")]).args(QUICK).arg("--out").arg(out).args(options);
    command.output().unwrap().into()
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_earlier_model_whole() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), &[]).ok();
    let before = fs::read(folder.path().join("model.safetensors")).unwrap();
    let files = names(folder.path());
    let ran = limited(8, folder.path(), &["--seed", "1"]);
    ran.fails(1, "cannot write").fails(1, "model.safetensors");
    assert!(fs::read(folder.path().join("model.safetensors")).unwrap() == before);
    assert_eq!(names(folder.path()), files, "no part of a file is left");
}

#[cfg(target_os = "linux")]
#[test]
fn metrics_that_cannot_be_written_are_told() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), &["--metrics", "/dev/full"]).fails(1, "cannot write /dev/full: No space left on device");
    let ran = train(folder.path(), &["--metrics", "/dev/full"]);
    assert!(ran.err.contains("the model of epoch 1 is in"), "{}", ran.err);
    let ran = train(folder.path(), &["--metrics", "/no/such/folder/metrics.jsonl"]);
    let ran = ran.fails(1, "cannot write /no/such/folder/metrics.jsonl");
    assert!(!ran.out.contains("epoch 1"), "{}", ran.out);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = crate::support::command().args(["data", "list"]).stdout(full()).output().unwrap();
    Ran::from(ran).fails(1, "cannot write to standard output: No space left on device");
}
