//! Putting tensors together and picking elements by position.

mod cat;
