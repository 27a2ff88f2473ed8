//! `gt`.

use super::{Comparison, apply_comparison};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Gt;

impl Comparison for Gt {
    const NAME: &'static str = "gt";

    #[inline(always)]
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        a > b
    }
}

/// [`Tensor::gt`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn gt(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_comparison(Gt, x, other)
}

impl Tensor {
    /// Whether each element is greater than `other`'s, a tensor or a number; NaN is neither less than nor greater than anything:
    /// [`torch.gt`](https://pytorch.org/docs/stable/generated/torch.gt.html).
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
    /// assert_eq!(x.gt(&Tensor::new([3, 2, 1])).to_vec::<bool>(), [false, false, true]);
    /// assert_eq!(x.gt(2).to_vec::<bool>(), [false, false, true]);
    /// ```
    #[track_caller]
    pub fn gt<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        gt(self, other.into())
    }
}
