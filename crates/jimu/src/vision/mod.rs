//! Images: the data sets to learn from, the networks that learn from them, and what is done to images before.

pub mod datasets;
pub mod models;
pub mod transforms;
