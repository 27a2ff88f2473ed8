//! `ReflectionPad1d` and `ReflectionPad2d`.

use super::super::field::Label;
use super::super::{Forward, Module};
use super::{padded, padding, shown};
use crate::ops::index::PadMode;
use crate::tensor::{Dims, Tensor};

padding! {
    /// Mirrors signals at the edges, whose elements are not repeated:
    /// [`torch.nn.ReflectionPad1d`](https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left and right; a negative one cuts off. Less than the size of the dimension.
    ///
    /// # Shape
    /// - Input: (n, c, l) or (c, l); output: the same with left + l + right.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, ReflectionPad1d}};
    /// assert_eq!(ReflectionPad1d::new(2).forward(&Tensor::new([[1.0, 2.0, 3.0]])).to_vec::<f32>(), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
    /// ```
    ReflectionPad1d, 1
}

impl ReflectionPad1d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for ReflectionPad1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Reflect, || self.label.describe("ReflectionPad1d"))
    }
}

padding! {
    /// Mirrors images at the edges, whose elements are not repeated:
    /// [`torch.nn.ReflectionPad2d`](https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left, right, top and bottom; a negative one cuts off. Less than the size of the dimension.
    ///
    /// # Shape
    /// - Input: (n, c, h, w) or (c, h, w); output: the same with top + h + bottom, left + w + right.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, ReflectionPad2d}};
    /// assert_eq!(ReflectionPad2d::new(1).forward(&Tensor::zeros([1, 3, 3])).size(), [1, 5, 5]);
    /// ```
    ReflectionPad2d, 2
}

impl ReflectionPad2d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for ReflectionPad2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Reflect, || self.label.describe("ReflectionPad2d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Module)]
    struct Net {
        pad: ReflectionPad2d,
    }

    #[test]
    #[should_panic(
        expected = "Net.pad (ReflectionPad2d): a padding of (3, 3) in dimension 2 of a tensor of shape [1, 3, 3]"
    )]
    fn the_error_names_the_layer() {
        let net = Net { pad: ReflectionPad2d::new(3) };
        net.eval();
        net.pad.forward(&Tensor::zeros([1, 3, 3]));
    }

    #[test]
    #[should_panic(
        expected = "ReflectionPad1d: the input must have the shape [batch, channels, length] or [channels, length]"
    )]
    fn refusal() {
        ReflectionPad1d::new(1).forward(&Tensor::zeros([3]));
    }
}
