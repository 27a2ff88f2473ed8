//! Deep learning from building blocks.
#![forbid(unsafe_code)]
