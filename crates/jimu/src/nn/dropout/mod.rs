//! Dropout: noise in training that keeps units from relying on one another.

mod alpha_dropout;
#[expect(clippy::module_inception, reason = "one file per layer, and this family is named after one")]
mod dropout;
mod dropout1d;
mod dropout2d;
mod dropout3d;
mod feature_alpha_dropout;

pub use alpha_dropout::AlphaDropout;
pub use dropout::Dropout;
pub use dropout1d::Dropout1d;
pub use dropout2d::Dropout2d;
pub use dropout3d::Dropout3d;
pub use feature_alpha_dropout::FeatureAlphaDropout;
