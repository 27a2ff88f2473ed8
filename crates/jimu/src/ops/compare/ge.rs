//! `ge`.

use super::{Comparison, apply_comparison};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Ge;

impl Comparison for Ge {
    const NAME: &'static str = "ge";

    #[inline(always)]
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        a >= b
    }
}

/// [`Tensor::ge`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn ge(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_comparison(Ge, x, other)
}

impl Tensor {
    /// Whether each element is greater than or equal to `other`'s, a tensor or a number; NaN is neither less than nor greater than anything:
    /// [`torch.ge`](https://pytorch.org/docs/stable/generated/torch.ge.html).
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
    /// assert_eq!(x.ge(&Tensor::new([3, 2, 1])).to_vec::<bool>(), [false, true, true]);
    /// assert_eq!(x.ge(2).to_vec::<bool>(), [false, true, true]);
    /// ```
    #[track_caller]
    pub fn ge<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        ge(self, other.into())
    }
}
