//! Where a tensor's elements lie.

use std::cell::Cell;
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

thread_local! {
    static DEFAULT: Cell<Device> = const { Cell::new(Device::Cpu) };
}

impl Device {
    /// Makes the tensors of zeros, ones, equal and random numbers that `f` asks for lie on this device: Python's
    /// `with torch.device("meta"):`. A model of any size is built on [`Device::Meta`] in no time and memory; tensors of
    /// numbers that the program gives are not concerned.
    ///
    /// # Examples
    /// ```
    /// use jimu::Device;
    /// use jimu::nn::{Linear, Module};
    /// let layer = Device::Meta.with(|| Linear::new(1 << 20, 1 << 20));
    /// assert_eq!(layer.num_parameters(), (1 << 40) + (1 << 20));
    /// ```
    pub fn with<R>(self, f: impl FnOnce() -> R) -> R {
        struct Restore(Device);
        impl Drop for Restore {
            fn drop(&mut self) {
                DEFAULT.set(self.0);
            }
        }
        let _restore = Restore(DEFAULT.replace(self));
        f()
    }

    /// The device of new tensors.
    pub(crate) fn of_new_tensors() -> Self {
        DEFAULT.get()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Meta => "meta",
        })
    }
}
