//! `jimu bench`.

use crate::failure::Failure;

/// The options of `jimu bench`.
#[derive(clap::Args)]
pub struct Args {}

/// Runs `jimu bench`.
pub fn run(_args: &Args) -> Result<(), Failure> {
    Ok(())
}
