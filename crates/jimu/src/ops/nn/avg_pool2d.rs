//! `avg_pool2d`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::Layout as Order;
use jimu_kernels::pool2d::{self as kernels, Divisor, Geometry};

use super::images::Images;
use super::pair::{Extent, Pair};
use super::planes::{order_of, planes_in, with_planes};
use super::pool_options::AvgPoolOptions;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, try_apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The mean of every window.
#[derive(Clone, Copy)]
struct AvgPool2d {
    geometry: Geometry,
    order: Order,
    divisor: Divisor,
}

impl Operation for AvgPool2d {
    const NAME: &'static str = "avg_pool2d";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let Geometry { batch, channels, output: [height, width], .. } = self.geometry;
        Ok(Spec::new(inputs[0].dtype(), [batch, channels, height, width]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let &mut Self { geometry, order, divisor } = self;
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], order, |x| kernels::average_forward(&geometry, order, divisor, x, &mut out));
            planes_in::<T>(out, &spec.shape, order)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Spread(*self), &[grad]))
    }
}

/// Each window's gradient shared among its pixels.
struct Spread(AvgPool2d);

impl Operation for Spread {
    const NAME: &'static str = "avg_pool2d_backward";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let Geometry { batch, channels, input: [height, width], .. } = self.0.geometry;
        Ok(Spec::new(inputs[0].dtype(), [batch, channels, height, width]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let AvgPool2d { geometry, order, divisor } = self.0;
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], order, |grad| {
                kernels::average_backward(&geometry, order, divisor, grad, &mut out);
            });
            planes_in::<T>(out, &spec.shape, order)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(self.0, &[grad]))
    }
}

/// The pooled signals or images.
pub(crate) fn try_avg_pool<S: Extent>(x: &Tensor, options: &AvgPoolOptions<S>) -> Result<Tensor, ShapeError> {
    let name = if S::DIMENSIONS == 1 { "avg_pool1d" } else { "avg_pool2d" };
    let x = Images::of::<S>(x, name)?;
    let geometry = options.windows().geometry(&x, name)?;
    let divisor = options.divisor();
    if divisor == Divisor::Fixed(0) {
        return Err(ShapeError::new(name, "divisor_override is 0").help("give another number, or none"));
    }
    let y = x.back(&try_apply(AvgPool2d { geometry, order: order_of(&x.images), divisor }, &[&x.images])?);
    Ok(if options.divisor_override.is_some_and(|divisor| divisor < 0) { -y } else { y })
}

/// The mean pixel of every window:
/// [`torch.nn.functional.avg_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html). The
/// layer is [`AvgPool2d`](crate::nn::AvgPool2d).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w).
/// - Output: h' = ⌊(h + 2·padding - kernel) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Panics
/// If the shape or the options do not fit, or the window is larger than the padded input.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{AvgPoolOptions, avg_pool2d};
/// use jimu::Tensor;
/// let x = Tensor::new([[[1.0, 2.0], [4.0, 3.0]]]);
/// assert_eq!(avg_pool2d(&x, &AvgPoolOptions::new(2)).item(), 2.5);
/// assert_eq!(avg_pool2d(&x, &AvgPoolOptions::new(2).divisor_override(1)).item(), 10.0);
/// ```
#[track_caller]
pub fn avg_pool2d(x: &Tensor, options: &AvgPoolOptions) -> Tensor {
    try_avg_pool(x, options).or_raise()
}

impl Tensor {
    /// The mean of every window of `kernel` pixels, the windows side by side:
    /// [`torch.nn.functional.avg_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html).
    /// The layer [`AvgPool2d`](crate::nn::AvgPool2d) has the options.
    ///
    /// # Shape
    /// (n, c, h, w) or (c, h, w); the result has h / kernel rows and w / kernel columns, rounded down.
    ///
    /// # Panics
    /// If the rank is another, or the window is larger than the input.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[[[1.0, 2.0], [4.0, 3.0]]]]);
    /// assert_eq!(x.avg_pool2d(2).item(), 2.5);
    /// ```
    #[track_caller]
    pub fn avg_pool2d(&self, kernel: impl Into<Pair>) -> Tensor {
        avg_pool2d(self, &AvgPoolOptions::new(kernel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].avg_pool2d(2), &[&variable([2, 2, 4, 5])]);
        let options = AvgPoolOptions::new((3, 2)).stride((2, 1)).padding((1, 1)).ceil_mode(true);
        for options in [options, options.count_include_pad(false), options.divisor_override(-3)] {
            check(|x| avg_pool2d(x[0], &options), &[&variable([2, 1, 5, 6])]);
        }
    }

    #[test]
    #[should_panic(expected = "avg_pool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        Tensor::zeros([4, 4]).avg_pool2d(2);
    }

    #[test]
    #[should_panic(expected = "avg_pool2d: divisor_override is 0")]
    fn division_by_zero_is_refused() {
        avg_pool2d(&Tensor::zeros([1, 4, 4]), &AvgPoolOptions::new(2).divisor_override(0));
    }
}
