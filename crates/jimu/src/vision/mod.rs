//! Images: the data sets to learn from.

pub mod datasets;
pub mod models;
