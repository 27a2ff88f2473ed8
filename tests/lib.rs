//! What the integration tests share.
#![forbid(unsafe_code)]

pub mod runner;

/// The examples in the documents, compiled and run as tests.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../docs/PYTORCH.md")]
    mod pytorch {}
    #[doc = include_str!("../docs/ADDING_AN_OP.md")]
    mod adding_an_op {}
}
