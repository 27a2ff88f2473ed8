//! `Unfold` and `Fold`.

use super::field::Label;
use super::{Forward, Module, Pair};
use crate::error::OrRaise;
use crate::ops::nn::unfold::{Window, try_fold, try_unfold};
use crate::tensor::Tensor;

/// The builders of a layer with a window.
macro_rules! windowed {
    () => {
        /// The distance between neighbours in the window.
        pub fn dilation(mut self, dilation: impl Into<Pair>) -> Self {
            self.window = self.window.dilation(dilation.into().0);
            self
        }

        /// Zeros put around the image.
        pub fn padding(mut self, padding: impl Into<Pair>) -> Self {
            self.window = self.window.padding(padding.into().0);
            self
        }

        /// How far the window moves at a time.
        pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
            self.window = self.window.stride(stride.into().0);
            self
        }
    };
}

/// The contents of a sliding window as columns, which turns a convolution into a product of matrices (im2col):
/// [`torch.nn.Unfold`](https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html).
///
/// # Args
/// - `kernel_size`: the window, a number or a pair.
/// - [`dilation`](Self::dilation): the distance between neighbours in the window, by default 1.
/// - [`padding`](Self::padding): zeros around the image, by default 0.
/// - [`stride`](Self::stride): how far the window moves at a time, by default 1.
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w); output: (n, c·kh·kw, l) or without n, l being the number of places of the window.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Unfold}};
/// assert_eq!(Unfold::new((2, 3)).forward(&Tensor::zeros([2, 5, 3, 4])).size(), [2, 30, 4]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Unfold {
    label: Label,
    #[module(skip)]
    window: Window,
}

impl Unfold {
    /// A window of this size, moved by single steps.
    pub fn new(kernel_size: impl Into<Pair>) -> Self {
        Self { label: Label::default(), window: Window::new(kernel_size.into().0) }
    }

    windowed!();

    fn extra_repr(&self) -> String {
        self.window.to_string()
    }
}

impl Forward for Unfold {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_unfold(x, self.window).map_err(|error| error.told_by(self.label.describe("Unfold"))).or_raise()
    }
}

/// Columns added up into images, each element where the window had found it (col2im):
/// [`torch.nn.Fold`](https://pytorch.org/docs/stable/generated/torch.nn.Fold.html). What windows share is added, so this
/// undoes [`Unfold`] only where they do not overlap.
///
/// # Args
/// - `output_size`: height and width of the images, a number or a pair.
/// - `kernel_size`: the window, a number or a pair.
/// - [`dilation`](Self::dilation): the distance between neighbours in the window, by default 1.
/// - [`padding`](Self::padding): zeros that were around the image, by default 0.
/// - [`stride`](Self::stride): how far the window moved at a time, by default 1.
///
/// # Shape
/// - Input: (n, c·kh·kw, l) or without n; output: (n, c, h, w) or without n.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Fold, Forward}};
/// assert_eq!(Fold::new((4, 5), 2).forward(&Tensor::zeros([1, 12, 12])).size(), [1, 3, 4, 5]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Fold {
    label: Label,
    #[module(skip)]
    output_size: Pair,
    #[module(skip)]
    window: Window,
}

impl Fold {
    /// Images of `output_size` from a window of `kernel_size`, moved by single steps.
    pub fn new(output_size: impl Into<Pair>, kernel_size: impl Into<Pair>) -> Self {
        let window = Window::new(kernel_size.into().0);
        Self { label: Label::default(), output_size: output_size.into(), window }
    }

    windowed!();

    fn extra_repr(&self) -> String {
        format!("output_size={}, {}", self.output_size, self.window)
    }
}

impl Forward for Fold {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_fold(x, self.output_size.0, self.window)
            .map_err(|error| error.told_by(self.label.describe("Fold")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        assert_eq!(Unfold::new(2).to_string(), "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)");
        let fold = Fold::new(4, (2, 3));
        let expected = "Fold(output_size=(4, 4), kernel_size=(2, 3), dilation=1, padding=0, stride=1)";
        assert_eq!(fold.to_string(), expected);
    }

    #[test]
    #[should_panic(expected = "Fold: columns of shape [1, 12, 11] do not fit a window of 4 elements in 12 places")]
    fn refusal() {
        Fold::new((4, 5), 2).forward(&Tensor::zeros([1, 12, 11]));
    }
}
