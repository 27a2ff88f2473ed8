//! `avg_pool2d`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::Layout as Order;
use jimu_kernels::pool2d::{self as kernels, Divisor, Geometry};

use super::max_pool2d::PoolOptions;
use super::pair::Pair;
use super::planes::{order_of, planes_in, with_planes};
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

pub(crate) fn try_avg_pool2d(x: &Tensor, options: PoolOptions, divisor: Divisor) -> Result<Tensor, ShapeError> {
    if x.dim() == 3 {
        return Ok(try_avg_pool2d(&x.unsqueeze(0), options, divisor)?.squeeze_dim(0));
    }
    let geometry = options.geometry(x, "avg_pool2d")?;
    if divisor == Divisor::Fixed(0) {
        return Err(ShapeError::new("avg_pool2d", "divisor_override is 0").help("give a positive number"));
    }
    try_apply(AvgPool2d { geometry, order: order_of(x), divisor }, &[x])
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
        try_avg_pool2d(self, PoolOptions::new(kernel.into()), Divisor::default()).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].avg_pool2d(2), &[&variable([2, 2, 4, 5])]);
        let options =
            PoolOptions { kernel: [3, 2], stride: [2, 1], padding: [1, 1], dilation: [1, 1], ceil_mode: true };
        for divisor in [Divisor::WindowInside, Divisor::WindowWithPadding, Divisor::Fixed(3)] {
            check(|x| try_avg_pool2d(x[0], options, divisor).unwrap(), &[&variable([2, 1, 5, 6])]);
        }
    }

    #[test]
    #[should_panic(expected = "avg_pool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        Tensor::zeros([4, 4]).avg_pool2d(2);
    }
}
