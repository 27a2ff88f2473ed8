//! `ZeroPad1d` and `ZeroPad2d`.

use super::super::field::Label;
use super::super::{Forward, Module};
use super::{padded, padding, shown};
use crate::ops::index::PadMode;
use crate::tensor::{Dims, Tensor};

padding! {
    /// Puts zeros around signals:
    /// [`torch.nn.ZeroPad1d`](https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left and right; a negative one cuts off.
    ///
    /// # Shape
    /// - Input: (*, l); output: (*, left + l + right).
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, ZeroPad1d}};
    /// assert_eq!(ZeroPad1d::new([1, 2]).forward(&Tensor::new([[3.0]])).to_vec::<f32>(), [0.0, 3.0, 0.0, 0.0]);
    /// ```
    ZeroPad1d, 1
}

impl ZeroPad1d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for ZeroPad1d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Constant(0.0), || self.label.describe("ZeroPad1d"))
    }
}

padding! {
    /// Puts zeros around images:
    /// [`torch.nn.ZeroPad2d`](https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html).
    ///
    /// # Args
    /// - `padding`: one number for all sides, or an array with those of left, right, top and bottom; a negative one cuts off.
    ///
    /// # Shape
    /// - Input: (*, h, w); output: (*, top + h + bottom, left + w + right).
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, ZeroPad2d}};
    /// assert_eq!(ZeroPad2d::new([1, 1, 2, 0]).forward(&Tensor::zeros([1, 3, 3])).size(), [1, 5, 5]);
    /// ```
    ZeroPad2d, 2
}

impl ZeroPad2d {
    fn extra_repr(&self) -> String {
        shown(&self.padding)
    }
}

impl Forward for ZeroPad2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        padded(x, &self.padding, PadMode::Constant(0.0), || self.label.describe("ZeroPad2d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_padding_cuts_off() {
        let y = ZeroPad2d::new([-1, 0, 0, 1]).forward(&Tensor::new([[[1.0, 2.0]]]));
        assert_eq!((y.size(), y.to_vec::<f32>()), ([1, 2, 1].into(), vec![2.0, 0.0]));
    }

    #[test]
    #[should_panic(
        expected = "ZeroPad1d: a padding of (-2, -2) in dimension 1 of a tensor of shape [1, 3] cuts off more"
    )]
    fn refusal() {
        ZeroPad1d::new(-2).forward(&Tensor::zeros([1, 3]));
    }
}
