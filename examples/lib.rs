//! The course, one example a topic: `cargo run --release --example 01_tensor`.
#![forbid(unsafe_code)]
