//! `logsumexp`.

use super::Over;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::ops::unary::map_elements;
use crate::tensor::{Dims, Small, Tensor};

struct LogSumExp {
    over: Over,
}

impl Operation for LogSumExp {
    const NAME: &'static str = "logsumexp";

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), self.over.shape(inputs[0].shape())))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let x = inputs[0];
        let dims: Small<usize> = (0..x.dim()).filter(|&dim| self.over.mask[dim]).collect();
        if x.numel() == 0 || dims.is_empty() {
            let sums = if dims.is_empty() { x.clone() } else { x.sum_dim(&*dims, true).log() };
            return sums.reshape(&spec.shape);
        }
        let largest = x.amax(&*dims, true);
        // An infinite element decides the result by itself, and would make NaN of inf - inf.
        let shift =
            dispatch_float!(spec.dtype, T => map_elements::<T, T>(&largest, |x| if x.is_finite() { x } else { 0.0 }));
        ((x - &shift).exp().sum_dim(&*dims, true).log() + shift).reshape(&spec.shape)
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| {
            let x = context.input(0);
            let softmax = (&x - self.over.spread(&context.output(), x.shape())).exp();
            self.over.spread(grad, x.shape()) * softmax
        })
    }
}

impl Tensor {
    /// log Σ eˣ over the dimensions `dims`, which go, or stay with size 1, without overflow:
    /// [`torch.logsumexp`](https://pytorch.org/docs/stable/generated/torch.logsumexp.html).
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1000.0, 1000.0], [0.0, f32::NEG_INFINITY]]);
    /// assert_eq!(x.logsumexp(1, false).to_vec::<f32>(), [1000.0 + 2f32.ln(), 0.0]);
    /// ```
    #[track_caller]
    pub fn logsumexp(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        let over = Over::dims(self, dims, keepdim, "logsumexp").or_raise();
        apply(LogSumExp { over }, &[&self.to(self.dtype().to_floating_point())])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].logsumexp(1, false) * x[1], &[&variable([2, 3]), &variable([2])]);
        check(|x| x[0].logsumexp([0, -1], true), &[&variable([2, 3, 2])]);
    }

    #[test]
    fn infinities() {
        let x = Tensor::new([[f32::NEG_INFINITY, f32::NEG_INFINITY], [f32::INFINITY, 1.0]]);
        assert_eq!(x.logsumexp(1, false).to_vec::<f32>(), [f32::NEG_INFINITY, f32::INFINITY]);
        assert_eq!(Tensor::zeros([2, 0]).logsumexp(1, false).to_vec::<f32>(), [f32::NEG_INFINITY; 2]);
    }
}
