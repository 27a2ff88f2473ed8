//! `eq`.

use super::{Comparison, apply_comparison};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Eq;

impl Comparison for Eq {
    const NAME: &'static str = "eq";

    #[inline(always)]
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        a == b
    }
}

/// [`Tensor::eq`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn eq(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_comparison(Eq, x, other)
}

impl Tensor {
    /// Whether each element is equal to `other`'s, a tensor or a number; NaN is unequal to everything, itself too:
    /// [`torch.eq`](https://pytorch.org/docs/stable/generated/torch.eq.html).
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
    /// assert_eq!(x.eq(&Tensor::new([3, 2, 1])).to_vec::<bool>(), [false, true, false]);
    /// assert_eq!(x.eq(2).to_vec::<bool>(), [false, true, false]);
    /// ```
    #[track_caller]
    pub fn eq<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        eq(self, other.into())
    }
}
