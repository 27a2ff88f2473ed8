//! `lt`.

use super::{Comparison, apply_comparison};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Lt;

impl Comparison for Lt {
    const NAME: &'static str = "lt";

    #[inline(always)]
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        a < b
    }
}

/// [`Tensor::lt`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn lt(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_comparison(Lt, x, other)
}

impl Tensor {
    /// Whether each element is less than `other`'s, a tensor or a number; NaN is neither less than nor greater than anything:
    /// [`torch.lt`](https://pytorch.org/docs/stable/generated/torch.lt.html).
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
    /// let x = Tensor::new([1.0, 2.0, 3.0]);
    /// assert_eq!(x.lt(&Tensor::new([3, 2, 1])).to_vec::<bool>(), [true, false, false]);
    /// assert_eq!(x.lt(2).to_vec::<bool>(), [true, false, false]);
    /// ```
    #[track_caller]
    pub fn lt<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        lt(self, other.into())
    }
}
