//! `logical_or`.

use super::{Connective, apply_connective};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct LogicalOr;

impl Connective for LogicalOr {
    const NAME: &'static str = "logical_or";

    #[inline(always)]
    fn holds(self, a: bool, b: bool) -> bool {
        a | b
    }
}

/// [`Tensor::logical_or`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn logical_or(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_connective(LogicalOr, x, other)
}

impl Tensor {
    /// Whether one element or both are true; of numbers, all but 0 are:
    /// [`torch.logical_or`](https://pytorch.org/docs/stable/generated/torch.logical_or.html).
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([true, true, false]), Tensor::new([1.0, 0.0, 0.0]));
    /// assert_eq!(a.logical_or(&b).to_vec::<bool>(), [true, true, false]);
    /// ```
    #[track_caller]
    pub fn logical_or<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        logical_or(self, other.into())
    }
}
