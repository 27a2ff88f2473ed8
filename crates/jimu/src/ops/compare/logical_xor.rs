//! `logical_xor`.

use super::{Connective, apply_connective};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct LogicalXor;

impl Connective for LogicalXor {
    const NAME: &'static str = "logical_xor";

    #[inline(always)]
    fn holds(self, a: bool, b: bool) -> bool {
        a != b
    }
}

/// [`Tensor::logical_xor`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn logical_xor(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_connective(LogicalXor, x, other)
}

impl Tensor {
    /// Whether exactly one of two elements is true; of numbers, all but 0 are:
    /// [`torch.logical_xor`](https://pytorch.org/docs/stable/generated/torch.logical_xor.html).
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
    /// assert_eq!(a.logical_xor(&b).to_vec::<bool>(), [false, true, false]);
    /// ```
    #[track_caller]
    pub fn logical_xor<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        logical_xor(self, other.into())
    }
}
