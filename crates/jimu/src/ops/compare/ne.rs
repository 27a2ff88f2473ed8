//! `ne`.

use super::{Comparison, apply_comparison};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Ne;

impl Comparison for Ne {
    const NAME: &'static str = "ne";

    #[inline(always)]
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        a != b
    }
}

/// [`Tensor::ne`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn ne(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    apply_comparison(Ne, x, other)
}

impl Tensor {
    /// Whether each element differs from `other`'s, a tensor or a number; NaN is unequal to everything, itself too:
    /// [`torch.ne`](https://pytorch.org/docs/stable/generated/torch.ne.html).
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
    /// assert_eq!(x.ne(&Tensor::new([3, 2, 1])).to_vec::<bool>(), [true, false, true]);
    /// assert_eq!(x.ne(2).to_vec::<bool>(), [true, false, true]);
    /// ```
    #[track_caller]
    pub fn ne<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        ne(self, other.into())
    }
}
