//! `MaxPool1d`.

use jimu_kernels::conv2d::Activation;

use super::super::builders::{builders, python};
use super::super::field::Label;
use super::super::{Forward, Module, Role};
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::max_pool2d::try_max_pool;
use crate::ops::nn::pool_options::MaxPoolOptions;
use crate::tensor::Tensor;

/// The largest number of every window:
/// [`torch.nn.MaxPool1d`](https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html).
///
/// # Args
/// - `kernel_size`: the window.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`padding`](Self::padding): -∞ around the input, at most half the window, by default 0.
/// - [`dilation`](Self::dilation): the distance between the numbers of a window, by default 1.
/// - [`ceil_mode`](Self::ceil_mode): whether windows may reach beyond the edge, by default no.
///
/// With `return_indices` the call is [`forward_with_indices`](Self::forward_with_indices).
///
/// # Shape
/// - Input: (n, c, l) or (c, l).
/// - Output: l' = ⌊(l + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, MaxPool1d}};
/// let (values, indices) = MaxPool1d::new(2).forward_with_indices(&Tensor::new([[1.0, 5.0, 2.0, 3.0]]));
/// assert_eq!((values.to_vec::<f32>(), indices.to_vec::<i64>()), (vec![5.0, 3.0], vec![1, 3]));
/// assert_eq!(MaxPool1d::new(3).stride(2).forward(&Tensor::zeros([20, 16, 50])).size(), [20, 16, 24]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct MaxPool1d {
    label: Label,
    #[module(skip)]
    options: MaxPoolOptions<usize>,
}

impl MaxPool1d {
    /// Windows of this size side by side.
    pub fn new(kernel_size: usize) -> Self {
        Self { label: Label::default(), options: MaxPoolOptions::new(kernel_size) }
    }

    builders! {
        /// The distance between neighbouring windows.
        stride(usize);
        /// -∞ around the input.
        padding(usize);
        /// The distance between neighbouring numbers of a window.
        dilation(usize);
        /// Whether windows may reach beyond the edge.
        ceil_mode(bool);
    }

    /// The pooled tensor and the position of each maximum: `return_indices=True`.
    ///
    /// # Panics
    /// As `forward`.
    ///
    /// ```
    /// use jimu::{Tensor, nn::MaxPool1d};
    /// let (value, index) = MaxPool1d::new(2).forward_with_indices(&Tensor::new([[1.0, 2.0]]));
    /// assert_eq!((value.item(), index.item()), (2.0, 1.0));
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
            .map_err(|error| error.told_by(self.label.describe("MaxPool1d")))
    }

    fn extra_repr(&self) -> String {
        let MaxPoolOptions { kernel, padding, dilation, ceil_mode, .. } = self.options;
        let (stride, ceil_mode) = (self.options.step(), python(ceil_mode));
        format!("kernel_size={kernel}, stride={stride}, padding={padding}, dilation={dilation}, ceil_mode={ceil_mode}")
    }
}

impl Forward for MaxPool1d {
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
        Role::MaxPooling { halving: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "MaxPool1d: the input must have the shape [batch, channels, length]")]
    fn refusal() {
        MaxPool1d::new(2).forward(&Tensor::zeros([2, 3, 4, 5]));
    }
}
