//! `ReplicationPad1d` and `ReplicationPad2d`.

use super::super::field::Label;
use super::super::{Forward, Module};
use super::{padded, padding, shown};
use crate::ops::index::PadMode;
use crate::tensor::{Dims, Tensor};

padding! {
    /// Repeats the elements at the edges of signals:
    /// [`torch.nn.ReplicationPad1d`](https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left and right; a negative one cuts off.
    ///
    /// # Shape
    /// - Input: (n, c, l) or (c, l); output: the same with left + l + right.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, ReplicationPad1d}};
    /// assert_eq!(ReplicationPad1d::new([2, 1]).forward(&Tensor::new([[1.0, 2.0]])).to_vec::<f32>(), [1.0, 1.0, 1.0, 2.0, 2.0]);
    /// ```
    ReplicationPad1d, 1
}

impl ReplicationPad1d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for ReplicationPad1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Replicate, || self.label.describe("ReplicationPad1d"))
    }
}

padding! {
    /// Repeats the elements at the edges of images:
    /// [`torch.nn.ReplicationPad2d`](https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left, right, top and bottom; a negative one cuts off.
    ///
    /// # Shape
    /// - Input: (n, c, h, w) or (c, h, w); output: the same with top + h + bottom, left + w + right.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, ReplicationPad2d}};
    /// assert_eq!(ReplicationPad2d::new(1).forward(&Tensor::zeros([1, 3, 3])).size(), [1, 5, 5]);
    /// ```
    ReplicationPad2d, 2
}

impl ReplicationPad2d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for ReplicationPad2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Replicate, || self.label.describe("ReplicationPad2d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "ReplicationPad2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        ReplicationPad2d::new(1).forward(&Tensor::zeros([3, 3]));
    }
}
