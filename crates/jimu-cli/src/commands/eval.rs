//! `jimu eval`.

use crate::failure::Failure;

/// The options of `jimu eval`.
#[derive(clap::Args)]
pub struct Args {}

/// Runs `jimu eval`.
pub fn run(_args: &Args) -> Result<(), Failure> {
    Ok(())
}
