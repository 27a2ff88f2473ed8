//! Products of vectors and matrices.

pub(crate) mod linear;
mod matmul;
mod products;
