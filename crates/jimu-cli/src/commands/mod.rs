//! One file for each subcommand.

pub mod data;
pub mod eval;
pub mod summary;
pub mod train;
