//! `Unflatten`.

use super::{Forward, Module};
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
}

impl Unflatten {
    /// Dimension `dim` in these sizes.
    pub fn new(dim: isize, unflattened_size: impl Into<Dims>) -> Self {
        Self { dim, unflattened_size: unflattened_size.into() }
    }

    fn extra_repr(&self) -> String {
        let sizes: Vec<String> = self.unflattened_size.iter().map(isize::to_string).collect();
        format!("dim={}, unflattened_size=({})", self.dim, sizes.join(", "))
    }
}

impl Forward for Unflatten {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.unflatten(self.dim, self.unflattened_size.clone())
    }
}
