//! Products of vectors and matrices.

mod cross;
mod einsum;
mod kron;
pub(crate) mod linear;
mod matmul;
pub(crate) mod normalize;
mod products;
mod tensordot;
mod trace;
