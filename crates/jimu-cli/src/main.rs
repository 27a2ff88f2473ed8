//! The program `jimu`.
#![forbid(unsafe_code)]

mod augment;
mod cli;
mod commands;
mod failure;
mod images;
mod options;
mod picture;
mod progress;
mod report;
mod run_folder;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    ui::seconds_since_start();
    cli::run()
}
