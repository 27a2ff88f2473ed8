//! `Flatten`.

use super::field::Label;
use super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::view::try_flatten;
use crate::tensor::Tensor;

/// Makes the dimensions from `start_dim` to `end_dim` one:
/// [`torch.nn.Flatten`](https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html). A view: nothing is copied.
///
/// # Args
/// - [`start_dim`](Self::start_dim): the first, by default 1, so that the batch stays.
/// - [`end_dim`](Self::end_dim): the last, by default -1.
///
/// # Shape
/// - Input: (*, S₁, …, Sₙ, *); output: (*, S₁·…·Sₙ, *).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Flatten, Forward}};
/// assert_eq!(Flatten::new().forward(&Tensor::zeros([32, 16, 5, 5])).size(), [32, 400]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Flatten {
    start_dim: isize,
    end_dim: isize,
    label: Label,
}

impl Flatten {
    /// From dimension 1 to the last.
    pub fn new() -> Self {
        Self { start_dim: 1, end_dim: -1, label: Label::default() }
    }

    /// The first dimension.
    pub fn start_dim(mut self, dim: isize) -> Self {
        self.start_dim = dim;
        self
    }

    /// The last dimension.
    pub fn end_dim(mut self, dim: isize) -> Self {
        self.end_dim = dim;
        self
    }

    fn extra_repr(&self) -> String {
        format!("start_dim={}, end_dim={}", self.start_dim, self.end_dim)
    }
}

impl Default for Flatten {
    fn default() -> Self {
        Self::new()
    }
}

impl Forward for Flatten {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_flatten(x, self.start_dim..=self.end_dim)
            .map_err(|error| error.told_by(self.label.describe("Flatten")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Module)]
    struct Net {
        flatten: Flatten,
    }

    #[test]
    #[should_panic(expected = "Net.flatten (Flatten): 2..2 is no range of dimensions of shape [3, 4]")]
    fn the_error_names_the_layer() {
        let net = Net { flatten: Flatten::new().start_dim(2) };
        net.train();
        net.flatten.forward(&Tensor::zeros([3, 4]));
    }
}
