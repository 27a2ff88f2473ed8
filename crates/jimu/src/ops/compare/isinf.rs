//! `isinf`.

use super::{Property, apply_property};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct IsInf;

impl Property for IsInf {
    const NAME: &'static str = "isinf";

    #[inline(always)]
    fn holds(self, x: f64) -> bool {
        x.is_infinite()
    }
}

impl Tensor {
    /// Whether each element is infinite, of either sign:
    /// [`torch.isinf`](https://pytorch.org/docs/stable/generated/torch.isinf.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, f32::NAN, f32::NEG_INFINITY]);
    /// assert_eq!(x.isinf().to_vec::<bool>(), [false, false, true]);
    /// ```
    #[track_caller]
    pub fn isinf(&self) -> Tensor {
        apply_property(IsInf, self)
    }
}
