//! `le`.

use super::{Comparison, apply_comparison};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Le;

impl Comparison for Le {
    const NAME: &'static str = "le";

    #[inline(always)]
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        a <= b
    }
}

/// [`Tensor::le`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn le(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_comparison(Le, x, other)
}

impl Tensor {
    /// Whether each element is less than or equal to `other`'s, a tensor or a number; NaN is neither less than nor greater than anything:
    /// [`torch.le`](https://pytorch.org/docs/stable/generated/torch.le.html).
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
    /// assert_eq!(x.le(&Tensor::new([3, 2, 1])).to_vec::<bool>(), [true, true, false]);
    /// assert_eq!(x.le(2).to_vec::<bool>(), [true, true, false]);
    /// ```
    #[track_caller]
    pub fn le<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        le(self, other.into())
    }
}
