//! `logical_and`.

use super::{Connective, apply_connective};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct LogicalAnd;

impl Connective for LogicalAnd {
    const NAME: &'static str = "logical_and";

    #[inline(always)]
    fn holds(self, a: bool, b: bool) -> bool {
        a & b
    }
}

/// [`Tensor::logical_and`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn logical_and(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_connective(LogicalAnd, x, other)
}

impl Tensor {
    /// Whether both elements are true; of numbers, all but 0 are:
    /// [`torch.logical_and`](https://pytorch.org/docs/stable/generated/torch.logical_and.html).
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
    /// assert_eq!(a.logical_and(&b).to_vec::<bool>(), [true, false, false]);
    /// ```
    #[track_caller]
    pub fn logical_and<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        logical_and(self, other.into())
    }
}
