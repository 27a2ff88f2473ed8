//! `isnan`.

use super::{Property, apply_property};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct IsNan;

impl Property for IsNan {
    const NAME: &'static str = "isnan";

    #[inline(always)]
    fn holds(self, x: f64) -> bool {
        x.is_nan()
    }
}

impl Tensor {
    /// Whether each element is not a number:
    /// [`torch.isnan`](https://pytorch.org/docs/stable/generated/torch.isnan.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, f32::NAN, f32::NEG_INFINITY]);
    /// assert_eq!(x.isnan().to_vec::<bool>(), [false, true, false]);
    /// ```
    #[track_caller]
    pub fn isnan(&self) -> Tensor {
        apply_property(IsNan, self)
    }
}
