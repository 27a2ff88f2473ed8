//! Derive macros of jimu.
#![forbid(unsafe_code)]
