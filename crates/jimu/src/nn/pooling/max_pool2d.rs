//! `MaxPool2d`.

use jimu_kernels::conv2d::Activation;

use super::super::builders::{builders, python};
use super::super::field::Label;
use super::super::{Forward, Module, Pair, Role};
use super::shown;
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::max_pool2d::try_max_pool;
use crate::ops::nn::pool_options::MaxPoolOptions;
use crate::tensor::Tensor;

/// The largest pixel of every window:
/// [`torch.nn.MaxPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html).
///
/// # Args
/// - `kernel_size`: the window, a number or a pair.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`padding`](Self::padding): -∞ around the input, at most half the window, by default 0.
/// - [`dilation`](Self::dilation): the distance between the pixels of a window, by default 1.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
///
/// With `return_indices` the call is [`forward_with_indices`](Self::forward_with_indices).
///
/// # Shape
/// - Input: (n, c, h, w) or (c, h, w).
/// - Output: h' = ⌊(h + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, MaxPool2d}};
/// assert_eq!(MaxPool2d::new(2).forward(&Tensor::zeros([1, 6, 28, 28])).size(), [1, 6, 14, 14]);
/// let layer = MaxPool2d::new(3).stride(2);
/// assert_eq!(layer.to_string(), "MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False)");
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct MaxPool2d {
    label: Label,
    #[module(skip)]
    options: MaxPoolOptions,
}

impl MaxPool2d {
    /// Windows of this size side by side.
    pub fn new(kernel_size: impl Into<Pair>) -> Self {
        Self { label: Label::default(), options: MaxPoolOptions::new(kernel_size) }
    }

    builders! {
        /// The distance between neighbouring windows.
        stride(impl Into<Pair>);
        /// -∞ around the input.
        padding(impl Into<Pair>);
        /// The distance between neighbouring pixels of a window.
        dilation(impl Into<Pair>);
        /// Whether windows may reach beyond the edge.
        ceil_mode(bool);
    }

    /// The pooled tensor and the position of each maximum in its plane, `row * width + column`:
    /// `return_indices=True`.
    ///
    /// # Panics
    /// As `forward`.
    ///
    /// ```
    /// use jimu::{Tensor, nn::MaxPool2d};
    /// let (value, index) = MaxPool2d::new(2).forward_with_indices(&Tensor::new([[[1.0, 2.0], [4.0, 3.0]]]));
    /// assert_eq!((value.item(), index.item()), (4.0, 2.0));
    /// ```
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Tensor) -> (Tensor, Tensor) {
        let _scope = self.label.enter();
        let (values, indices) = self.try_forward(x, Activation::Identity, true).or_raise();
        (values, indices.expect("indices were asked for"))
    }

    fn try_forward(
        &self,
        x: &Tensor,
        activation: Activation,
        with_indices: bool,
    ) -> Result<(Tensor, Option<Tensor>), ShapeError> {
        try_max_pool(x, &self.options, activation, with_indices)
            .map_err(|error| error.told_by(self.label.describe("MaxPool2d")))
    }

    fn extra_repr(&self) -> String {
        let MaxPoolOptions { kernel, padding, dilation, ceil_mode, .. } = self.options;
        let [kernel, stride, padding, dilation] = [kernel, self.options.step(), padding, dilation].map(shown);
        let ceil_mode = python(ceil_mode);
        format!("kernel_size={kernel}, stride={stride}, padding={padding}, dilation={dilation}, ceil_mode={ceil_mode}")
    }
}

impl Forward for MaxPool2d {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.try_forward(x, Activation::Identity, false).or_raise().0
    }

    #[track_caller]
    fn forward_relu(&self, x: &Tensor) -> Tensor {
        if x.is_meta() {
            // What merely traces the shapes sees both.
            return self.forward(x).relu();
        }
        let _scope = self.label.enter();
        self.try_forward(x, Activation::Relu, false).or_raise().0
    }

    fn role(&self) -> Role {
        let explicit = self.options.stride(self.options.step());
        Role::MaxPooling { halving: explicit == MaxPoolOptions::new(2).stride(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "MaxPool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        MaxPool2d::new(2).forward(&Tensor::zeros([4, 4]));
    }
}
