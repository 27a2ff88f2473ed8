//! `Unflatten`.

use super::field::Label;
use super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::view::try_unflatten;
use crate::tensor::{Dims, Tensor};

/// Makes one dimension several: [`torch.nn.Unflatten`](https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html).
/// A view: nothing is copied.
///
/// # Args
/// - `dim`: the dimension, which may count from the end.
/// - `unflattened_size`: the sizes it becomes, one of which may be -1.
///
/// # Shape
/// - Input: (*, s, *), s being the size of `dim`; output: (*, unflattened_size, *).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Unflatten}};
/// assert_eq!(Unflatten::new(1, [2, 5, 5]).forward(&Tensor::zeros([32, 50])).size(), [32, 2, 5, 5]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Unflatten {
    dim: isize,
    #[module(skip)]
    unflattened_size: Dims,
    label: Label,
}

impl Unflatten {
    /// Dimension `dim` in these sizes.
    pub fn new(dim: isize, unflattened_size: impl Into<Dims>) -> Self {
        Self { dim, unflattened_size: unflattened_size.into(), label: Label::default() }
    }

    fn extra_repr(&self) -> String {
        let sizes: Vec<String> = self.unflattened_size.iter().map(isize::to_string).collect();
        format!("dim={}, unflattened_size=({})", self.dim, sizes.join(", "))
    }
}

impl Forward for Unflatten {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_unflatten(x, self.dim, &self.unflattened_size)
            .map_err(|error| error.told_by(self.label.describe("Unflatten")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequential;

    #[test]
    #[should_panic(
        expected = "Sequential.0 (Unflatten): a tensor of shape [50] (50 elements) cannot take the shape [3, 5]"
    )]
    fn the_error_names_the_layer() {
        let net = sequential![Unflatten::new(1, [3, 5])];
        net.train();
        net.forward(&Tensor::zeros([32, 50]));
    }
}
