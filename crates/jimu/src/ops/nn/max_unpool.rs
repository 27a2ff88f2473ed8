//! `max_unpool1d` and `max_unpool2d`.

use jimu_kernels::buffer::Buffer;

use super::images::Images;
use super::pair::{Extent, Pair};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::dtype::{DType, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::gather_checked;
use crate::tensor::{Layout, Shape, Tensor};

/// The rows of the first input put at the positions that the second has for them, among zeros. [rows, len] each.
struct Unpool {
    pixels: usize,
}

impl Operation for Unpool {
    const NAME: &'static str = "max_unpool";

    fn saves(&self) -> Saves {
        Saves::These(0b10)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), [inputs[0].shape()[0], self.pixels]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (pixels, len) = (self.pixels, inputs[0].shape()[1].max(1));
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::<T>::zeroed(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|values| inputs[1].with_contiguous::<i64, _>(|indices| {
                let planes = values.chunks(len).zip(indices.chunks(len));
                for (out, (values, indices)) in out.chunks_mut(pixels.max(1)).zip(planes) {
                    for (value, index) in values.iter().zip(indices) {
                        out[*index as usize] = *value;
                    }
                }
            }));
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    /// As PyTorch has it: where several fell on one place, each gets the gradient.
    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = || gather_checked(grad, 1, &context.input(1));
        [context.needs(0).then(gradient), None].into_iter().collect()
    }
}

/// Undoes a max pooling of signals as far as can be: the maxima go back to where they were, the rest is 0:
/// [`torch.nn.functional.max_unpool1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html).
///
/// # Args
/// - `indices`: those of [`max_pool1d_with_indices`](crate::nn::functional::max_pool1d_with_indices).
/// - `output_size`: the length of the result.
///
/// # Shape
/// - `x`, `indices`: (n, c, l) or (c, l). Output: (n, c, output_size) or without n.
///
/// # Panics
/// If the shapes differ, or an index is out of range.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::max_unpool1d};
/// let (x, indices) = (Tensor::new([[5.0, 3.0]]), Tensor::new([[1, 3]]));
/// assert_eq!(max_unpool1d(&x, &indices, 4).to_vec::<f32>(), [0.0, 5.0, 0.0, 3.0]);
/// ```
#[track_caller]
pub fn max_unpool1d(x: &Tensor, indices: &Tensor, output_size: usize) -> Tensor {
    try_max_unpool(x, indices, output_size).or_raise()
}

/// Undoes a max pooling of images as far as can be: the maxima go back to where they were, the rest is 0:
/// [`torch.nn.functional.max_unpool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html).
/// The layer [`MaxUnpool2d`](crate::nn::MaxUnpool2d) finds the size by itself.
///
/// # Args
/// - `indices`: those of [`max_pool2d_with_indices`](crate::nn::functional::max_pool2d_with_indices).
/// - `output_size`: height and width of the result.
///
/// # Shape
/// - `x`, `indices`: (n, c, h, w) or (c, h, w). Output: with the height and width of `output_size`.
///
/// # Panics
/// If the shapes differ, or an index is out of range.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::max_unpool2d};
/// let (x, indices) = (Tensor::new([[[4.0]]]), Tensor::new([[[2]]]));
/// assert_eq!(max_unpool2d(&x, &indices, (2, 2)).to_vec::<f32>(), [0.0, 0.0, 4.0, 0.0]);
/// ```
#[track_caller]
pub fn max_unpool2d(x: &Tensor, indices: &Tensor, output_size: impl Into<Pair>) -> Tensor {
    try_max_unpool(x, indices, output_size.into()).or_raise()
}

pub(crate) fn try_max_unpool<S: Extent>(x: &Tensor, indices: &Tensor, output_size: S) -> Result<Tensor, ShapeError> {
    let name = if S::DIMENSIONS == 1 { "max_unpool1d" } else { "max_unpool2d" };
    let refuse = |problem: String, help: &str| Err(ShapeError::new(name, problem).help(help));
    if x.shape() != indices.shape() || indices.dtype() != DType::I64 {
        let (x, dtype) = (x.shape(), indices.dtype());
        return refuse(
            format!(
                "the indices must have the shape {x} of the input and be int64, but have {} and are {dtype}",
                indices.shape()
            ),
            "give those that max pooling has returned with the input",
        );
    }
    let (x, indices) = (Images::of::<S>(x, name)?, Images::of::<S>(indices, name)?);
    let dtype = x.images.dtype();
    if !dtype.is_floating_point() {
        return refuse(format!("the input is {dtype}"), "convert it with x.to(DType::F32)");
    }
    let [height, width] = output_size.height_and_width(1);
    let pixels = height * width;
    let planes = |images: &Tensor| images.flatten(2..).flatten(0..=1);
    let places = planes(&indices.images);
    if !places.is_meta() && places.numel() > 0 && (places.min().item() < 0.0 || places.max().item() >= pixels as f64) {
        let (low, high) = (places.min().item(), places.max().item());
        return refuse(
            format!("the indices run from {low} to {high}, but the result has {pixels} places in a plane"),
            "give the output_size that was pooled",
        );
    }
    let shape: Shape = [x.images.shape()[0], x.images.shape()[1], height, width].into();
    let y = try_apply(Unpool { pixels }, &[&planes(&x.images), &places])?;
    Ok(x.back(&y.reshape(shape)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::nn::max_pool2d::max_pool2d_with_indices;
    use crate::ops::nn::pool_options::MaxPoolOptions;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let x = Tensor::randn([2, 1, 4, 5]);
        let (_, indices) = max_pool2d_with_indices(&x, &MaxPoolOptions::new(2));
        check(|x| max_unpool2d(x[0], &indices, (4, 5)), &[&variable([2, 1, 2, 2])]);
    }

    #[test]
    #[should_panic(expected = "max_unpool1d: the indices run from 0 to 9, but the result has 4 places in a plane")]
    fn refusal() {
        max_unpool1d(&Tensor::zeros([1, 2]), &Tensor::new([[0, 9]]), 4);
    }
}
