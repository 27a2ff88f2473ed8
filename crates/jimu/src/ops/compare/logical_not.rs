//! `logical_not`.

use super::{Property, apply_property};
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct LogicalNot;

impl Property for LogicalNot {
    const NAME: &'static str = "logical_not";

    #[inline(always)]
    fn holds(self, x: f64) -> bool {
        x == 0.0
    }
}

impl Tensor {
    /// Whether each element is false; of numbers, 0 is. Also written `!&x`:
    /// [`torch.logical_not`](https://pytorch.org/docs/stable/generated/torch.logical_not.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0, 2]).logical_not().to_vec::<bool>(), [true, false]);
    /// assert_eq!((!Tensor::new([true, false])).to_vec::<bool>(), [false, true]);
    /// ```
    #[track_caller]
    pub fn logical_not(&self) -> Tensor {
        apply_property(LogicalNot, self)
    }
}

impl std::ops::Not for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn not(self) -> Tensor {
        self.logical_not()
    }
}

impl std::ops::Not for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn not(self) -> Tensor {
        self.logical_not()
    }
}
