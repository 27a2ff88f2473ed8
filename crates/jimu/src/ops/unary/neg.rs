//! `neg`.

use super::map_elements;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, dispatch_number};
use crate::error::ShapeError;
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

struct Neg;

impl Operation for Neg {
    const NAME: &'static str = "neg";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        match inputs[0].dtype() {
            DType::Bool => Err(ShapeError::new("neg", "truth values have no negative").help("use logical_not (`!x`)")),
            _ => Ok(Spec::like(inputs[0])),
        }
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        // Times -1 rather than 0 - x, which would turn 0 into 0 instead of -0.
        dispatch_number!(spec.dtype, T => map_elements::<T, T>(inputs[0], |x| x.times(T::ZERO.minus(T::ONE))))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| grad.neg())
    }
}

impl Tensor {
    /// -x of every element, also written `-&x`: [`torch.neg`](https://pytorch.org/docs/stable/generated/torch.neg.html).
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
    /// assert_eq!(Tensor::new([1, -2]).neg().to_vec::<i64>(), [-1, 2]);
    /// ```
    #[track_caller]
    pub fn neg(&self) -> Tensor {
        apply(Neg, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivative() {
        check_unary(|x| x.neg(), &[-2.0, 0.0, 3.0]);
    }
}
