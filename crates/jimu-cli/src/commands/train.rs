//! `jimu train`.

use crate::failure::Failure;

/// The options of `jimu train`.
#[derive(clap::Args)]
pub struct Args {}

/// Runs `jimu train`.
pub fn run(_args: &Args) -> Result<(), Failure> {
    Ok(())
}
