//! What is shown on a terminal, and what elsewhere.
#![cfg(unix)]

use std::io::{Read, Write};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};

use crate::support::{QUICK, train};

fn on_terminal(arguments: &[&str]) -> (Pty, std::process::Child) {
    let (pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(Size::new(30, 120)).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_jimu")).args(arguments).spawn(pts).unwrap();
    (pty, child)
}

/// All that comes, until the program has gone or `until` has come.
fn read(pty: &mut Pty, until: Option<&str>) -> String {
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    while let Ok(count @ 1..) = pty.read(&mut bytes) {
        text += &String::from_utf8_lossy(&bytes[..count]);
        if until.is_some_and(|until| text.contains(until)) {
            break;
        }
    }
    text
}

#[test]
fn a_terminal_gets_a_bar_and_a_pipe_gets_lines() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let arguments = [&QUICK[..], &["--batch-size", "1", "--out", out]].concat();
    let (mut pty, mut child) = on_terminal(&arguments);
    let shown = read(&mut pty, None);
    assert!(child.wait().unwrap().success(), "{shown}");
    for part in ["epoch 1/1", "/256", "loss", "accuracy", "images/s", "left", "\u{1b}["] {
        assert!(shown.contains(part), "{part:?} in {shown:?}");
    }
    let ran = train(folder.path(), &[]).ok();
    assert!(ran.err.is_empty() && !ran.out.contains('\u{1b}') && !ran.out.contains('\r'), "{}{}", ran.out, ran.err);
}

#[test]
fn ctrl_c_on_the_keyboard_saves() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let arguments = ["train", "--dataset", "fashion-mini", "--epochs", "10000", "--out", out];
    let (mut pty, mut child) = on_terminal(&arguments);
    let mut shown = read(&mut pty, Some("epoch 2/10000"));
    pty.write_all(b"\x03").unwrap();
    shown += &read(&mut pty, None);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{shown}");
    assert!(shown.contains("go on with: jimu train --resume"), "{shown}");
    assert!(folder.path().join("training.safetensors").is_file());
}
