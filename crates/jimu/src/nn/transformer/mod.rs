//! Attention and what is built of it.

mod masks;
mod multihead_attention;

pub use multihead_attention::{AttentionMasks, MultiheadAttention};
