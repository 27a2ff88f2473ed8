//! The program `jimu`.
#![forbid(unsafe_code)]
fn main() {}
