//! `maximum`.

use super::{Binary, apply_binary, both};
use crate::autograd::{Context, Gradients, Saves};
use crate::dtype::DType;
use crate::ops::numeric::Number;
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
struct Maximum;

impl Binary for Maximum {
    const NAME: &'static str = "maximum";
    const SAVES: Saves = Saves::Inputs;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        if a > b || a.is_nan() { a } else { b }
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (a, b) = (context.input(0), context.input(1));
        both(context, || share(grad, &a, &b), || share(grad, &b, &a))
    }
}

/// The part of the gradient that goes to `own`: half of it where both are equal.
fn share(grad: &Tensor, own: &Tensor, other: &Tensor) -> Tensor {
    own.lt(other).where_(0.0, &own.eq(other).where_(&(grad * 0.5), grad))
}

/// [`Tensor::maximum`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn maximum(x: &Tensor, other: TensorOrScalar<'_>) -> Tensor {
    let other = other.beside(x.dtype());
    if x.dtype() == DType::Bool && other.dtype() == DType::Bool {
        return x.logical_or(&other);
    }
    apply_binary(Maximum, x, &other)
}

impl Tensor {
    /// The larger of two, element by element:
    /// [`torch.maximum`](https://pytorch.org/docs/stable/generated/torch.maximum.html). NaN wins over any
    /// number. Where both are equal, each gets half of the gradient.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([1.0, 2.0]), Tensor::new([3.0, 2.0]));
    /// assert_eq!(a.maximum(&b).to_vec::<f32>(), [3.0, 2.0]);
    /// assert_eq!(a.maximum(0.0).to_vec::<f32>(), [1.0, 2.0]);
    /// ```
    #[track_caller]
    pub fn maximum<'a>(&self, other: impl Into<TensorOrScalar<'a>>) -> Tensor {
        maximum(self, other.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::check_binary;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.maximum(b), [2, 3], [2, 3]);
        check_binary(|a, b| a.maximum(b), [2, 1, 3], [4, 1]);
    }

    #[test]
    fn ties_share_the_gradient_and_nan_wins() {
        let (a, b) =
            (Tensor::new([1.0, 2.0, f32::NAN]).requires_grad_(), Tensor::new([1.0, 3.0, 0.0]).requires_grad_());
        let y = a.maximum(&b);
        assert!(y.to_vec::<f32>()[2].is_nan() && b.maximum(&a).to_vec::<f32>()[2].is_nan());
        y.sum().backward();
        assert_eq!(a.grad().unwrap().to_vec::<f32>(), [0.5, 0.0, 1.0]);
        assert_eq!(b.grad().unwrap().to_vec::<f32>(), [0.5, 1.0, 1.0]);
    }
}
