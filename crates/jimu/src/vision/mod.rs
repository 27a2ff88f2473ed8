//! Images: the data sets to learn from.

pub mod datasets;
