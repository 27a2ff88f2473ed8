//! `MaxUnpool1d`.

use super::super::Module;
use super::super::field::Label;
use super::unpooled_size;
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::max_unpool::try_max_unpool;
use crate::tensor::Tensor;

/// Undoes a [`MaxPool1d`](super::MaxPool1d) as far as can be: the maxima go back to where they were, the rest is 0:
/// [`torch.nn.MaxUnpool1d`](https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html).
///
/// # Args
/// - `kernel_size`: the window that was pooled with.
/// - [`stride`](Self::stride): the distance between windows, by default the window's size.
/// - [`padding`](Self::padding): that of the pooling, by default 0.
///
/// # Shape
/// - Input and indices: (n, c, l) or (c, l).
/// - Output: l' = (l - 1)·stride - 2·padding + kernel, or the size asked for.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{MaxPool1d, MaxUnpool1d}};
/// let (pool, unpool) = (MaxPool1d::new(2), MaxUnpool1d::new(2));
/// let (y, indices) = pool.forward_with_indices(&Tensor::new([[1.0, 5.0, 3.0, 2.0]]));
/// assert_eq!(unpool.forward(&y, &indices).to_vec::<f32>(), [0.0, 5.0, 3.0, 0.0]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct MaxUnpool1d {
    label: Label,
    #[module(skip)]
    kernel_size: usize,
    #[module(skip)]
    stride: Option<usize>,
    #[module(skip)]
    padding: usize,
}

impl MaxUnpool1d {
    /// For windows of this size side by side.
    pub fn new(kernel_size: usize) -> Self {
        Self { label: Label::default(), kernel_size, stride: None, padding: 0 }
    }

    /// The distance between neighbouring windows.
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = Some(stride);
        self
    }

    /// The padding of the pooling.
    pub fn padding(mut self, padding: usize) -> Self {
        self.padding = padding;
        self
    }

    /// The pooled values `x` back at the places `indices` that the pooling has returned with them.
    ///
    /// # Panics
    /// If the shapes differ, or an index lies outside the result.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, indices: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        self.try_forward(x, indices, None).or_raise()
    }

    /// [`forward`](Self::forward) to this size, where the pooling has left over elements at the end: PyTorch's argument
    /// `output_size` of the call.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), and if no pooling takes that size to the size of `x`.
    #[track_caller]
    pub fn forward_with_output_size(&self, x: &Tensor, indices: &Tensor, output_size: usize) -> Tensor {
        let _scope = self.label.enter();
        self.try_forward(x, indices, Some(output_size)).or_raise()
    }

    fn try_forward(&self, x: &Tensor, indices: &Tensor, output_size: Option<usize>) -> Result<Tensor, ShapeError> {
        let stride = self.stride.unwrap_or(self.kernel_size);
        unpooled_size(x, [self.kernel_size, stride, self.padding], output_size)
            .and_then(|size| try_max_unpool(x, indices, size))
            .map_err(|error| error.told_by(self.label.describe("MaxUnpool1d")))
    }

    fn extra_repr(&self) -> String {
        let stride = self.stride.unwrap_or(self.kernel_size);
        format!("kernel_size=({},), stride=({stride},), padding=({},)", self.kernel_size, self.padding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "MaxUnpool1d: the output cannot have the size 9, only from 3 to 5")]
    fn refusal() {
        let x = Tensor::zeros([1, 2]);
        MaxUnpool1d::new(2).forward_with_output_size(&x, &x.to(crate::DType::I64), 9);
    }
}
