//! `ConstantPad1d` and `ConstantPad2d`.

use super::super::builders::python_float;
use super::super::field::Label;
use super::super::{Forward, Module};
use super::{padded, padding, shown};
use crate::ops::index::PadMode;
use crate::tensor::{Dims, Tensor};

padding! {
    /// Puts one number around signals:
    /// [`torch.nn.ConstantPad1d`](https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left and right; a negative one cuts off.
    /// - `value`: the number.
    ///
    /// # Shape
    /// - Input: (*, l); output: (*, left + l + right).
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{ConstantPad1d, Forward}};
    /// assert_eq!(ConstantPad1d::new([1, 2], 9.0).forward(&Tensor::new([[3.0]])).to_vec::<f32>(), [9.0, 3.0, 9.0, 9.0]);
    /// ```
    ConstantPad1d, 1, value
}

impl ConstantPad1d {
    fn extra_repr(&self) -> String {
        format!("padding={}, value={}", shown(&self.padding), python_float(self.value))
    }
}

impl Forward for ConstantPad1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Constant(self.value), || self.label.describe("ConstantPad1d"))
    }
}

padding! {
    /// Puts one number around images:
    /// [`torch.nn.ConstantPad2d`](https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left, right, top and bottom; a negative one cuts off.
    /// - `value`: the number.
    ///
    /// # Shape
    /// - Input: (*, h, w); output: (*, top + h + bottom, left + w + right).
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{ConstantPad2d, Forward}};
    /// assert_eq!(ConstantPad2d::new(2, 3.5).forward(&Tensor::zeros([1, 2, 2])).size(), [1, 6, 6]);
    /// ```
    ConstantPad2d, 2, value
}

impl ConstantPad2d {
    fn extra_repr(&self) -> String {
        format!("padding={}, value={}", shown(&self.padding), python_float(self.value))
    }
}

impl Forward for ConstantPad2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Constant(self.value), || self.label.describe("ConstantPad2d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        assert_eq!(ConstantPad2d::new(2, 3.5).to_string(), "ConstantPad2d(padding=(2, 2, 2, 2), value=3.5)");
    }

    #[test]
    #[should_panic(expected = "ConstantPad2d: 3 numbers do not pad 4 sides")]
    fn refusal() {
        ConstantPad2d::new([1, 2, 3], 0.0);
    }
}
