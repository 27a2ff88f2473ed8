//! `CircularPad1d` and `CircularPad2d`.

use super::super::field::Label;
use super::super::{Forward, Module};
use super::{padded, padding, shown};
use crate::ops::index::PadMode;
use crate::tensor::{Dims, Tensor};

padding! {
    /// Continues signals with what lies at the other end:
    /// [`torch.nn.CircularPad1d`](https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left and right; a negative one cuts off. At most the size of the dimension.
    ///
    /// # Shape
    /// - Input: (n, c, l) or (c, l); output: the same with left + l + right.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{CircularPad1d, Forward}};
    /// assert_eq!(CircularPad1d::new([1, 2]).forward(&Tensor::new([[1.0, 2.0, 3.0]])).to_vec::<f32>(), [3.0, 1.0, 2.0, 3.0, 1.0, 2.0]);
    /// ```
    CircularPad1d, 1
}

impl CircularPad1d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for CircularPad1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Circular, || self.label.describe("CircularPad1d"))
    }
}

padding! {
    /// Continues images with what lies at the other end:
    /// [`torch.nn.CircularPad2d`](https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left, right, top and bottom; a negative one cuts off. At most the size of the dimension.
    ///
    /// # Shape
    /// - Input: (n, c, h, w) or (c, h, w); output: the same with top + h + bottom, left + w + right.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{CircularPad2d, Forward}};
    /// assert_eq!(CircularPad2d::new([1, 1, 0, 0]).forward(&Tensor::zeros([1, 3, 3])).size(), [1, 3, 5]);
    /// ```
    CircularPad2d, 2
}

impl CircularPad2d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for CircularPad2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Circular, || self.label.describe("CircularPad2d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "CircularPad1d: a padding of (4, 4) in dimension 1 of a tensor of shape [1, 3] asks for elements"
    )]
    fn refusal() {
        CircularPad1d::new(4).forward(&Tensor::zeros([1, 3]));
    }
}
