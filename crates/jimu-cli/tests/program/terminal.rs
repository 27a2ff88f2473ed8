//! What is shown on a terminal, and what elsewhere.
#![cfg(unix)]

use std::io::{Read, Write};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::support::{QUICK, train};

/// The program on a terminal of 120 columns.
struct OnTerminal {
    program: Box<dyn Child>,
    screen: Box<dyn Read>,
    keyboard: Box<dyn Write>,
}

impl OnTerminal {
    fn start(arguments: &[&str]) -> Self {
        let size = PtySize { rows: 30, cols: 120, ..PtySize::default() };
        let terminal = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_jimu"));
        command.args(arguments);
        // Of itself it would start in the user's home.
        command.cwd(std::env::current_dir().unwrap());
        Self {
            program: terminal.slave.spawn_command(command).unwrap(),
            screen: terminal.master.try_clone_reader().unwrap(),
            keyboard: terminal.master.take_writer().unwrap(),
        }
    }

    /// All that comes, until the program has gone or `until` has come.
    fn read(&mut self, until: Option<&str>) -> String {
        let (mut text, mut bytes) = (String::new(), [0; 4096]);
        while let Ok(count @ 1..) = self.screen.read(&mut bytes) {
            text += &String::from_utf8_lossy(&bytes[..count]);
            if until.is_some_and(|until| text.contains(until)) {
                break;
            }
        }
        text
    }
}

#[test]
fn a_terminal_gets_a_bar_and_a_pipe_gets_lines() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let arguments = [&QUICK[..], &["--batch-size", "1", "--out", out]].concat();
    let mut terminal = OnTerminal::start(&arguments);
    let shown = terminal.read(None);
    assert!(terminal.program.wait().unwrap().success(), "{shown}");
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
    let mut terminal = OnTerminal::start(&arguments);
    let mut shown = terminal.read(Some("epoch 2/10000"));
    terminal.keyboard.write_all(b"\x03").unwrap();
    shown += &terminal.read(None);
    assert_eq!(terminal.program.wait().unwrap().exit_code(), 130, "{shown}");
    assert!(shown.contains("go on with: jimu train --resume"), "{shown}");
    assert!(folder.path().join("training.safetensors").is_file());
}
