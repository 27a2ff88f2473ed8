//! Where a tensor's elements lie.

use std::fmt;

/// Where a tensor's elements lie. An operation matches on it, so a new device is new kernels, not a second library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// Main memory, computed on by the processor.
    #[default]
    Cpu,
    /// Nowhere: a tensor with a shape and a type but no elements, as PyTorch's `meta`. Running a model on one checks
    /// every shape and computes nothing.
    Meta,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Meta => "meta",
        })
    }
}
