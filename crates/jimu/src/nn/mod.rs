//! The blocks that networks are built of: `torch.nn`.

pub mod functional;
