//! The program `jimu`.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod failure;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
