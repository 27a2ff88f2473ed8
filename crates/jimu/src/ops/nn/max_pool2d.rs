//! `max_pool2d`.

use std::sync::Arc;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::Layout as Order;
use jimu_kernels::pool2d::{self as kernels, Geometry};

use super::pair::Pair;
use super::planes::{order_of, planes_in, with_planes};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, attach};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::profiler;
use crate::tensor::Tensor;

/// Which pixel of its window each output is, in the memory order of the output.
struct Taps {
    geometry: Geometry,
    order: Order,
    taps: Buffer<u32>,
}

impl Taps {
    /// PyTorch's indices, `row * width + column` in the input plane, [n, c, oh, ow].
    fn indices(&self) -> Tensor {
        let Geometry { batch, channels, output: [height, width], .. } = self.geometry;
        let lanes = match self.order {
            Order::Nchw => 1,
            Order::Nhwc => channels,
            Order::Chwn => batch,
        };
        let pixels = height * width;
        let mut indices = Buffer::unspecified(self.taps.len());
        for (place, (index, &tap)) in indices.iter_mut().zip(self.taps.iter()).enumerate() {
            *index = kernels::flat_index(&self.geometry, place / lanes % pixels, tap);
        }
        planes_in::<i64>(indices, &[batch, channels, height, width].into(), self.order)
    }
}

/// The largest of every window; which pixel it is is found before the call.
struct MaxPool2d {
    taps: Arc<Taps>,
}

impl Operation for MaxPool2d {
    const NAME: &'static str = "max_pool2d";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let Geometry { batch, channels, output: [height, width], .. } = self.taps.geometry;
        Ok(Spec::new(inputs[0].dtype(), [batch, channels, height, width]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let planes = inputs[0].flatten(2..).gather(2, &self.taps.indices().flatten(2..));
        planes.reshape(&spec.shape)
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Scatter { taps: self.taps.clone() }, &[grad]))
    }
}

/// Each window's gradient put where its largest pixel was.
struct Scatter {
    taps: Arc<Taps>,
}

impl Operation for Scatter {
    const NAME: &'static str = "max_pool2d_backward";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let Geometry { batch, channels, input: [height, width], .. } = self.taps.geometry;
        Ok(Spec::new(inputs[0].dtype(), [batch, channels, height, width]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let Taps { geometry, order, taps } = &*self.taps;
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            with_planes::<T, _>(inputs[0], *order, |grad| {
                kernels::max_backward(geometry, *order, grad, taps, &mut out);
            });
            planes_in::<T>(out, &spec.shape, *order)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(MaxPool2d { taps: self.taps.clone() }, &[grad]))
    }
}

/// How a window moves over the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolOptions {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) ceil_mode: bool,
}

impl PoolOptions {
    /// Windows side by side.
    pub(crate) fn new(kernel: Pair) -> Self {
        Self { kernel: kernel.0, stride: kernel.0, padding: [0, 0], dilation: [1, 1], ceil_mode: false }
    }

    /// The shape rule, for an input [n, c, h, w].
    pub(super) fn geometry(&self, x: &Tensor, name: &str) -> Result<Geometry, ShapeError> {
        let shape = x.shape();
        let refuse = |problem: String, help: &str| Err(ShapeError::new(name, problem).help(help));
        if shape.len() != 4 {
            return refuse(
                format!(
                    "the input must have the shape [batch, channels, height, width] or [channels, height, width], but has {shape}"
                ),
                "unsqueeze or reshape it",
            );
        }
        if !x.dtype().is_floating_point() {
            return refuse(format!("the input is {}", x.dtype()), "convert it with x.to(DType::F32)");
        }
        if [self.kernel, self.stride, self.dilation].concat().contains(&0) {
            return refuse("kernel_size, stride and dilation must be at least 1".to_owned(), "give positive numbers");
        }
        if (0..2).any(|axis| 2 * self.padding[axis] > self.kernel[axis]) {
            return refuse(
                format!("the padding {:?} is more than half of the kernel {:?}", self.padding, self.kernel),
                "use less padding, or pad the input first",
            );
        }
        let input = [shape[2], shape[3]];
        let output = [0, 1].map(|axis| {
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            Geometry::output_size(input[axis], kernel, stride, self.padding[axis], self.dilation[axis], self.ceil_mode)
        });
        if output.contains(&0) {
            return refuse(
                format!("a window of {:?} is larger than the padded input of shape {shape}", self.kernel),
                "use a smaller window, or fewer pooling layers before",
            );
        }
        let &Self { kernel, stride, padding, dilation, .. } = self;
        Ok(Geometry { batch: shape[0], channels: shape[1], input, output, kernel, stride, padding, dilation })
    }
}

/// The pooled tensor, and PyTorch's indices of the maxima if they are wanted.
pub(crate) fn try_max_pool2d(
    x: &Tensor,
    options: PoolOptions,
    with_indices: bool,
) -> Result<(Tensor, Option<Tensor>), ShapeError> {
    if x.dim() == 3 {
        let (values, indices) = try_max_pool2d(&x.unsqueeze(0), options, with_indices)?;
        return Ok((values.squeeze_dim(0), indices.map(|indices| indices.squeeze_dim(0))));
    }
    let geometry = options.geometry(x, "max_pool2d")?;
    let shape = [geometry.batch, geometry.channels, geometry.output[0], geometry.output[1]].into();
    if x.is_meta() {
        let indices = with_indices.then(|| Tensor::empty_meta(&shape, crate::DType::I64));
        let taps = Arc::new(Taps { geometry, order: Order::Nchw, taps: Buffer::unspecified(0) });
        return Ok((attach(MaxPool2d { taps }, &[x], Tensor::meta(x.dtype(), shape)), indices));
    }
    let order = order_of(x);
    let mut taps = Buffer::unspecified(geometry.output_len());
    let span = profiler::begin(MaxPool2d::NAME);
    let values = dispatch_float!(x.dtype(), T => {
        let mut out = Buffer::unspecified(geometry.output_len());
        with_planes::<T, _>(x, order, |x| kernels::max_forward(&geometry, order, x, &mut out, &mut taps));
        planes_in::<T>(out, &shape, order)
    });
    profiler::end(span, &[x], &values, || 0);
    let taps = Arc::new(Taps { geometry, order, taps });
    let indices = with_indices.then(|| taps.indices());
    Ok((attach(MaxPool2d { taps }, &[x], values), indices))
}

impl Tensor {
    /// The largest of every window of `kernel` pixels, the windows side by side:
    /// [`torch.nn.functional.max_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html).
    /// The layer [`MaxPool2d`](crate::nn::MaxPool2d) has the options.
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
    /// assert_eq!(x.max_pool2d(2).item(), 4.0);
    /// ```
    #[track_caller]
    pub fn max_pool2d(&self, kernel: impl Into<Pair>) -> Tensor {
        try_max_pool2d(self, PoolOptions::new(kernel.into()), false).or_raise().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].max_pool2d(2), &[&variable([2, 2, 4, 5])]);
        let options =
            PoolOptions { kernel: [3, 2], stride: [2, 1], padding: [1, 1], dilation: [1, 2], ceil_mode: true };
        check(|x| try_max_pool2d(x[0], options, false).unwrap().0, &[&variable([2, 1, 5, 6])]);
    }

    #[test]
    fn indices_are_pytorch_s_in_every_layout() {
        let x = Tensor::randn([4, 2, 6, 6]);
        let pool = |x: &Tensor| try_max_pool2d(x, PoolOptions::new(2.into()), true).unwrap();
        let (plain, at) = pool(&x);
        let at = at.unwrap().to_vec::<i64>();
        for inner in [0, 1] {
            let (other, other_at) = pool(&x.movedim(inner, -1).contiguous().movedim(-1, inner));
            assert!(!other.is_contiguous());
            assert_eq!(plain.to_vec::<f32>(), other.to_vec::<f32>());
            assert_eq!(at, other_at.unwrap().to_vec::<i64>());
        }
    }

    #[test]
    #[should_panic(expected = "max_pool2d: a window of [2, 2] is larger than the padded input of shape [1, 1, 1, 1]")]
    fn refusal() {
        Tensor::zeros([1, 1, 1, 1]).max_pool2d(2);
    }
}
