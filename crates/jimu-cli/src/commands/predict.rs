//! `jimu predict`.

use crate::failure::Failure;

/// The options of `jimu predict`.
#[derive(clap::Args)]
pub struct Args {}

/// Runs `jimu predict`.
pub fn run(_args: &Args) -> Result<(), Failure> {
    Ok(())
}
