//! `jimu data`.

use crate::failure::Failure;

/// The options of `jimu data`.
#[derive(clap::Args)]
pub struct Args {}

/// Runs `jimu data`.
pub fn run(_args: &Args) -> Result<(), Failure> {
    Ok(())
}
