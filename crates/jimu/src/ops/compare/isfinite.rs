//! `isfinite`.

use super::{Property, apply_property};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct IsFinite;

impl Property for IsFinite {
    const NAME: &'static str = "isfinite";

    #[inline(always)]
    fn holds(self, x: f64) -> bool {
        x.is_finite()
    }
}

impl Tensor {
    /// Whether each element is neither infinite nor NaN:
    /// [`torch.isfinite`](https://pytorch.org/docs/stable/generated/torch.isfinite.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, f32::NAN, f32::NEG_INFINITY]);
    /// assert_eq!(x.isfinite().to_vec::<bool>(), [true, false, false]);
    /// ```
    #[track_caller]
    pub fn isfinite(&self) -> Tensor {
        apply_property(IsFinite, self)
    }
}
