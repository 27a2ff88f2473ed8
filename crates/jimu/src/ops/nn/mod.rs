//! The operations that the layers are made of.

mod interpolate;
mod pixel_shuffle;
mod unfold;

pub use interpolate::{Interpolate, InterpolateMode};
pub use unfold::Window;
