//! `max_pool2d`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::{Activation, Layout as Order};
use jimu_kernels::pool2d::{self as kernels, Geometry, NO_TAP};
use jimu_kernels::pooled::Shared;

use super::images::Images;
use super::pair::{Extent, Pair};
use super::planes::{order_of, planes_in, with_planes};
use super::pool_options::MaxPoolOptions;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, attach};
use crate::dtype::{DType, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::profiler;
use crate::tensor::Tensor;

/// Which pixel of its window each output is, in the memory order of the output: none where a ReLU has made it 0.
pub(super) struct Taps {
    pub(super) geometry: Geometry,
    pub(super) order: Order,
    pub(super) taps: Buffer<u32>,
}

impl Taps {
    /// PyTorch's indices, `row * width + column` in the input plane, [n, c, oh, ow]; 0 where there is no tap.
    fn indices(&self) -> Tensor {
        self.each(|pixel, tap| if tap == NO_TAP { 0 } else { kernels::flat_index(&self.geometry, pixel, tap) })
    }

    /// Where there is no tap.
    fn absent(&self) -> Tensor {
        self.each(|_, tap| i64::from(tap == NO_TAP)).to(DType::Bool)
    }

    /// A number for each output, from its pixel in its plane and its tap.
    fn each(&self, number: impl Fn(usize, u32) -> i64) -> Tensor {
        let Geometry { batch, channels, output: [height, width], .. } = self.geometry;
        let lanes = match self.order {
            Order::Nchw => 1,
            Order::Nhwc => channels,
            Order::Chwn => batch,
        };
        let pixels = height * width;
        let mut numbers = Buffer::unspecified(self.taps.len());
        for (place, (to, &tap)) in numbers.iter_mut().zip(self.taps.iter()).enumerate() {
            *to = number(place / lanes % pixels, tap);
        }
        planes_in::<i64>(numbers, &[batch, channels, height, width].into(), self.order)
    }
}

/// The largest of every window; which pixel it is is found before the call.
pub(super) struct MaxPool2d {
    pub(super) taps: Shared<Taps>,
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
        planes.reshape(&spec.shape).masked_fill(&self.taps.absent(), 0.0)
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Scatter { taps: self.taps.clone() }, &[grad]))
    }
}

/// Each window's gradient put where its largest pixel was.
pub(super) struct Scatter {
    pub(super) taps: Shared<Taps>,
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

/// The pooled signals or images, behind which there may be a ReLU, and PyTorch's indices of the maxima if they are wanted.
pub(crate) fn try_max_pool<S: Extent>(
    x: &Tensor,
    options: &MaxPoolOptions<S>,
    activation: Activation,
    with_indices: bool,
) -> Result<(Tensor, Option<Tensor>), ShapeError> {
    let name = if S::DIMENSIONS == 1 { "max_pool1d" } else { "max_pool2d" };
    let x = Images::of::<S>(x, name)?;
    let geometry = options.geometry(&x, name)?;
    let (values, indices) = pooled(&x.images, geometry, activation, with_indices);
    Ok((x.back(&values), indices.map(|indices| x.back(&indices))))
}

/// The largest of each window of images [n, c, h, w], rectified if it is to be, and where it was.
pub(super) fn pooled(
    x: &Tensor,
    geometry: Geometry,
    activation: Activation,
    with_indices: bool,
) -> (Tensor, Option<Tensor>) {
    let shape = [geometry.batch, geometry.channels, geometry.output[0], geometry.output[1]].into();
    if x.is_meta() {
        let indices = with_indices.then(|| Tensor::empty_meta(&shape, DType::I64));
        let taps = Shared::new(Taps { geometry, order: Order::Nchw, taps: Buffer::unspecified(0) });
        return (attach(MaxPool2d { taps }, &[x], Tensor::meta(x.dtype(), shape)), indices);
    }
    let order = order_of(x);
    let mut taps = Buffer::unspecified(geometry.output_len());
    let span = profiler::begin(MaxPool2d::NAME);
    let values = dispatch_float!(x.dtype(), T => {
        let mut out = Buffer::unspecified(geometry.output_len());
        with_planes::<T, _>(x, order, |x| kernels::max_forward(&geometry, order, activation, x, &mut out, &mut taps));
        planes_in::<T>(out, &shape, order)
    });
    profiler::end(span, &[x], &values, || 0);
    let taps = Shared::new(Taps { geometry, order, taps });
    let indices = with_indices.then(|| taps.indices());
    (attach(MaxPool2d { taps }, &[x], values), indices)
}

/// The largest pixel of every window:
/// [`torch.nn.functional.max_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html). The
/// layer is [`MaxPool2d`](crate::nn::MaxPool2d).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w).
/// - Output: h' = ⌊(h + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1, with ⌈ ⌉ in `ceil_mode`; w' likewise.
///
/// # Panics
/// If the shape or the options do not fit, or the window is larger than the padded input.
///
/// # Examples
/// ```
/// use jimu::nn::functional::{MaxPoolOptions, max_pool2d};
/// use jimu::Tensor;
/// let x = Tensor::new([[[1.0, 2.0, 0.0], [4.0, 3.0, 9.0]]]);
/// assert_eq!(max_pool2d(&x, &MaxPoolOptions::new(2).stride(1)).to_vec::<f32>(), [4.0, 9.0]);
/// ```
#[track_caller]
pub fn max_pool2d(x: &Tensor, options: &MaxPoolOptions) -> Tensor {
    try_max_pool(x, options, Activation::Identity, false).or_raise().0
}

/// `max_pool2d(x, options).relu()`, which is also the pooling of a ReLU, in one go.
#[track_caller]
pub(crate) fn max_pool2d_relu(x: &Tensor, options: &MaxPoolOptions) -> Tensor {
    match x.is_meta() {
        // What merely traces the shapes sees both.
        true => max_pool2d(x, options).relu(),
        false => try_max_pool(x, options, Activation::Relu, false).or_raise().0,
    }
}

/// [`max_pool2d`] and the position of each maximum in its plane, `row * width + column`: `return_indices=True`.
///
/// # Panics
/// As [`max_pool2d`].
///
/// # Examples
/// ```
/// use jimu::nn::functional::{MaxPoolOptions, max_pool2d_with_indices};
/// use jimu::Tensor;
/// let (value, index) = max_pool2d_with_indices(&Tensor::new([[[1.0, 2.0], [4.0, 3.0]]]), &MaxPoolOptions::new(2));
/// assert_eq!((value.item(), index.item()), (4.0, 2.0));
/// ```
#[track_caller]
pub fn max_pool2d_with_indices(x: &Tensor, options: &MaxPoolOptions) -> (Tensor, Tensor) {
    let (values, indices) = try_max_pool(x, options, Activation::Identity, true).or_raise();
    (values, indices.expect("indices were asked for"))
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
        max_pool2d(self, &MaxPoolOptions::new(kernel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].max_pool2d(2), &[&variable([2, 2, 4, 5])]);
        let options = MaxPoolOptions::new((3, 2)).stride((2, 1)).padding((1, 1)).dilation((1, 2)).ceil_mode(true);
        check(|x| max_pool2d(x[0], &options), &[&variable([2, 1, 5, 6])]);
        let rectified = |x: &Tensor| try_max_pool(x, &options, Activation::Relu, false).unwrap().0;
        check(|x| rectified(x[0]), &[&variable([2, 1, 5, 6])]);
    }

    #[test]
    fn indices_are_pytorch_s_in_every_layout() {
        let x = Tensor::randn([4, 2, 6, 6]);
        let options = MaxPoolOptions::new(2);
        let (plain, at) = max_pool2d_with_indices(&x, &options);
        for inner in [0, 1] {
            let moved = x.movedim(inner, -1).contiguous().movedim(-1, inner);
            let (other, other_at) = max_pool2d_with_indices(&moved, &options);
            assert!(!other.is_contiguous());
            assert_eq!(plain.to_vec::<f32>(), other.to_vec::<f32>());
            assert_eq!(at.to_vec::<i64>(), other_at.to_vec::<i64>());
        }
    }

    #[test]
    #[should_panic(expected = "max_pool2d: a window of 2x2 is larger than the padded input of shape [1, 1, 1, 1]")]
    fn refusal() {
        Tensor::zeros([1, 1, 1, 1]).max_pool2d(2);
    }

    #[test]
    #[should_panic(expected = "max_pool2d: the padding 2x2 is more than half of the window of 3x3")]
    fn too_much_padding_is_refused() {
        max_pool2d(&Tensor::zeros([1, 5, 5]), &MaxPoolOptions::new(3).padding(2));
    }
}
