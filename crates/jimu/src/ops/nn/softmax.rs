//! `softmax` and `log_softmax`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::softmax::{self as kernels, Geometry};

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, try_apply};
use crate::dtype::{Element, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::both;
use crate::ops::numeric::Elementary;
use crate::tensor::{Layout, Small, Tensor};

/// Which of the two functions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Log,
}

/// Runs `kernel` on `inputs` in the memory order of the last of them.
fn run<T, const N: usize>(
    inputs: [&Tensor; N],
    dim: usize,
    kernel: impl FnOnce([&[T]; N], &mut [T], Geometry),
) -> Tensor
where
    T: Element<Stored = T> + Elementary,
{
    let model = inputs[N - 1];
    let order: Small<usize> = match model.layout().is_dense() {
        true => model.layout().memory_order(),
        false => (0..model.dim()).collect(),
    };
    let position = order.iter().position(|&at| at == dim);
    let product = |dims: &[usize]| dims.iter().map(|&dim| model.shape()[dim]).product();
    // A 0-d tensor is a row of one element.
    let geometry = position.map_or(Geometry { outer: 1, len: 1, inner: 1 }, |position| Geometry {
        outer: product(&order[..position]),
        len: model.shape()[dim],
        inner: product(&order[position + 1..]),
    });
    let dense = inputs.map(|input| input.to_memory_order(&order));
    let storages = dense.each_ref().map(Tensor::storage);
    let slices = std::array::from_fn(|i| &T::slice(&storages[i])[dense[i].layout().offset..][..model.numel()]);
    let mut out = Buffer::unspecified(model.numel());
    kernel(slices, &mut out, geometry);
    Tensor::from_buffer::<T>(out, Layout::in_order(model.size(), &order))
}

struct Softmax {
    dim: usize,
}

impl Operation for Softmax {
    const NAME: &'static str = "softmax";

    fn saves(&self) -> Saves {
        Saves::Output
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => run::<T, 1>([inputs[0]], self.dim, |[x], out, g| kernels::softmax(x, out, g)))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Backward { dim: self.dim, kind: Kind::Plain }, &[grad, &context.output()]))
    }
}

struct LogSoftmax {
    dim: usize,
}

impl Operation for LogSoftmax {
    const NAME: &'static str = "log_softmax";

    fn saves(&self) -> Saves {
        Saves::Output
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => {
            run::<T, 1>([inputs[0]], self.dim, |[x], out, g| kernels::log_softmax(x, out, g))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Backward { dim: self.dim, kind: Kind::Log }, &[grad, &context.output()]))
    }
}

/// The gradient of the input from that of the output and the output `y`:
/// y (g - Σ g y) for softmax, g - eʸ Σ g for its logarithm.
struct Backward {
    dim: usize,
    kind: Kind,
}

impl Operation for Backward {
    const NAME: &'static str = "softmax_backward";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[1]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let kind = self.kind;
        dispatch_float!(spec.dtype, T => run::<T, 2>([inputs[0], inputs[1]], self.dim, |[grad, y], out, g| match kind {
            Kind::Plain => kernels::softmax_backward(grad, y, out, g),
            Kind::Log => kernels::log_softmax_backward(grad, y, out, g),
        }))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (first, y) = (context.input(0), context.input(1));
        let sum = |x: Tensor| x.sum_dim(self.dim as isize, true);
        match self.kind {
            // The formula is symmetric in y's row and column, so that its transpose is itself.
            Kind::Plain => both(
                context,
                || apply(Backward { dim: self.dim, kind: Kind::Plain }, &[grad, &y]),
                || grad * (&first - sum(&first * &y)) - &first * sum(grad * &y),
            ),
            Kind::Log => both(context, || grad - sum(grad * y.exp()), || -(grad * y.exp() * sum(first.clone()))),
        }
    }
}

fn try_softmax(x: &Tensor, dim: isize, kind: Kind) -> Result<Tensor, ShapeError> {
    let name = match kind {
        Kind::Plain => Softmax::NAME,
        Kind::Log => LogSoftmax::NAME,
    };
    if !x.dtype().is_floating_point() {
        return Err(ShapeError::new(name, format!("the elements must be real numbers, but they are {}", x.dtype()))
            .help("convert them with x.to(DType::F32) first"));
    }
    let dim = x.shape().dim(dim, name)?;
    match kind {
        Kind::Plain => try_apply(Softmax { dim }, &[x]),
        Kind::Log => try_apply(LogSoftmax { dim }, &[x]),
    }
}

impl Tensor {
    /// eˣ / Σ eˣ along dimension `dim`: positive numbers that add up to 1, larger where x is:
    /// [`torch.softmax`](https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html). PyTorch's
    /// argument `dtype` is `x.to(dtype).softmax(dim)`.
    ///
    /// The largest element is subtracted first, so that no exponential overflows.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If there is no such dimension, or the elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let scores = Tensor::new([[0.0, 0.0], [1000.0, 0.0]]);
    /// assert_eq!(scores.softmax(-1).to_vec::<f32>(), [0.5, 0.5, 1.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn softmax(&self, dim: isize) -> Tensor {
        try_softmax(self, dim, Kind::Plain).or_raise()
    }

    /// The logarithm of [`softmax`](Self::softmax), x - ln Σ eˣ along dimension `dim`, accurate also where the softmax
    /// itself is too small to write down:
    /// [`torch.log_softmax`](https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If there is no such dimension, or the elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let scores = Tensor::new([1000.0, 0.0]);
    /// assert_eq!(scores.log_softmax(0).to_vec::<f32>(), [0.0, -1000.0]);
    /// ```
    #[track_caller]
    pub fn log_softmax(&self, dim: isize) -> Tensor {
        try_softmax(self, dim, Kind::Log).or_raise()
    }
}

/// [`Tensor::softmax`] of -x: larger where x is smaller.
/// [`torch.nn.functional.softmin`](https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html).
///
/// # Panics
/// If there is no such dimension, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// assert_eq!(F::softmin(&Tensor::new([1000.0, 0.0]), 0).to_vec::<f32>(), [0.0, 1.0]);
/// ```
#[track_caller]
pub fn softmin(x: &Tensor, dim: isize) -> Tensor {
    try_softmax(&x.neg(), dim, Kind::Plain).map_err(|error| error.told_by("softmin")).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::ops::testing::{check, check_unary, variable};

    #[test]
    fn derivatives() {
        for dim in [0, 1, -1] {
            check(|x| x[0].softmax(dim), &[&variable([2, 3, 2])]);
            check(|x| x[0].log_softmax(dim), &[&variable([2, 3, 2])]);
        }
        check(|x| x[0].transpose(0, 1).softmax(0), &[&variable([2, 3])]);
        check_unary(|x| softmin(x, 0), &[-1.0, 0.4, 2.0]);
    }

    #[test]
    fn any_layout_gives_the_same() {
        let x = Tensor::randn([3, 4, 5, 6]);
        for order in [[0, 1, 2, 3], [3, 1, 0, 2], [1, 2, 3, 0]] {
            let back: Vec<isize> = (0..4).map(|dim| order.iter().position(|&o| o == dim).unwrap() as isize).collect();
            let moved = x.permute(order).to_contiguous().permute(back);
            for dim in 0..4 {
                let pairs = [(moved.softmax(dim), x.softmax(dim)), (moved.log_softmax(dim), x.log_softmax(dim))];
                for (a, b) in pairs {
                    let apart = (a - b).abs().to_vec::<f32>().into_iter().fold(0.0, f32::max);
                    assert!(apart < 2e-6, "order {order:?} dimension {dim}: {apart}");
                }
            }
        }
        let part = x.narrow(3, 1, 3);
        assert_eq!(part.softmax(1).sum().item().round(), 3.0 * 5.0 * 3.0);
    }

    #[test]
    fn degenerate_shapes() {
        assert_eq!(Tensor::new(3.0).softmax(-1).item(), 1.0);
        assert_eq!(Tensor::new(3.0).log_softmax(0).item(), 0.0);
        assert_eq!(Tensor::zeros([5, 0, 2]).softmax(1).size(), [5, 0, 2]);
        assert_eq!(Tensor::empty_meta([2, 3], DType::F32).softmax(1).size(), [2, 3]);
    }

    #[test]
    #[should_panic(expected = "log_softmax: dimension 2 is out of range for a tensor of shape [2, 3]")]
    fn refusal() {
        Tensor::zeros([2, 3]).log_softmax(2);
    }
}
