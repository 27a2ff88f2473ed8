//! `relu`.

use super::map_elements;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, dispatch_number};
use crate::error::ShapeError;
use crate::ops::binary::{Binary, apply_binary};
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

struct Relu;

impl Operation for Relu {
    const NAME: &'static str = "relu";

    fn saves(&self) -> Saves {
        Saves::Output
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        match inputs[0].dtype() {
            DType::Bool => {
                Err(ShapeError::new("relu", "truth values have no sign").help("convert them to numbers first"))
            }
            _ => Ok(Spec::like(inputs[0])),
        }
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => map_elements::<T, T>(inputs[0], positive_part))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| relu_backward(grad, &context.output()))
    }
}

/// The gradient before a ReLU from that behind it, `grad`, and what went into it or came out of it, which have the same sign.
pub(crate) fn relu_backward(grad: &Tensor, values: &Tensor) -> Tensor {
    apply_binary(Gate, grad, values)
}

/// Written so that NaN stays NaN.
#[inline(always)]
fn positive_part<N: Number>(x: N) -> N {
    if x < N::ZERO { N::ZERO } else { x }
}

/// The gradient where the output is positive, 0 elsewhere: PyTorch's `threshold_backward`.
#[derive(Clone, Copy)]
struct Gate;

impl Binary for Gate {
    const NAME: &'static str = "relu_backward";
    const SAVES: Saves = Saves::These(0b10);

    #[inline(always)]
    fn value<N: Number>(self, grad: N, output: N) -> N {
        // Where the output is NaN the gradient goes on, as in PyTorch.
        if output <= N::ZERO { N::ZERO } else { grad }
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        // The output only selects: where it is not 0, a small change of it changes nothing.
        let first = context.needs(0).then(|| relu_backward(grad, &context.input(1)));
        let second = context.needs(1).then(|| grad.zeros_like());
        [first, second].into_iter().collect()
    }
}

impl Tensor {
    /// max(x, 0) of every element:
    /// [`torch.nn.functional.relu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html). Its
    /// derivative at 0 is taken as 0.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If the elements are truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-1.0, 2.0]).relu().to_vec::<f32>(), [0.0, 2.0]);
    /// ```
    #[track_caller]
    pub fn relu(&self) -> Tensor {
        apply(Relu, &[self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.relu(), &[-2.0, -0.5, 0.7, 3.0]);
    }

    #[test]
    fn zero_and_nan() {
        let x = Tensor::new([0.0, f32::NAN]).requires_grad_();
        let y = x.relu();
        assert!(y.to_vec::<f32>()[1].is_nan());
        y.sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 1.0]);
    }
}
