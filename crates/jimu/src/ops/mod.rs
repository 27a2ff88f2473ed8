//! The operations, one file each: documentation, shape rule, forward, backward and tests side by side.
//!
//! Four families share what their members have in common: [`unary`] and [`binary`] (element by element), [`compare`]
//! (element by element, without a derivative), [`reduce`] (many elements to one) and [`view`] (other strides over the
//! same elements). The rest stand alone: [`linalg`] (products of matrices), [`index`] (by position), [`nn`] (the
//! operations of the layers).

pub(crate) mod binary;
pub(crate) mod compare;
#[cfg(test)]
pub(crate) mod every_operation;
pub(crate) mod index;
pub(crate) mod linalg;
pub(crate) mod nn;
pub(crate) mod numeric;
pub(crate) mod operand;
pub(crate) mod reduce;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod unary;
pub(crate) mod view;
