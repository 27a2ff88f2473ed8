//! One file for each subcommand.

pub mod bench;
pub mod data;
pub mod eval;
pub mod predict;
pub mod summary;
pub mod train;
