//! The second operand of a method: a tensor or a number.

use crate::dtype::DType;
use crate::tensor::{Scalar, Tensor};

/// What a method takes that accepts a tensor or a number, as in `x.gt(&y)` and `x.gt(0)`.
///
/// A number raises the kind of the result (bool, whole, real) but not its width.
#[derive(Clone, Copy, Debug)]
pub enum TensorOrScalar<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A number.
    Scalar(Scalar),
}

impl TensorOrScalar<'_> {
    /// The operand as a tensor to stand beside one of type `dtype`.
    pub(crate) fn beside(self, dtype: DType) -> Tensor {
        match self {
            Self::Tensor(tensor) => tensor.clone(),
            Self::Scalar(scalar) => Tensor::scalar(scalar, scalar.promote(dtype)),
        }
    }

    pub(crate) fn is_scalar(self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    /// The type that the operand has by itself.
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::Tensor(tensor) => tensor.dtype(),
            Self::Scalar(scalar) => scalar.promote(DType::Bool),
        }
    }
}

impl<'a> From<&'a Tensor> for TensorOrScalar<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl<S: Into<Scalar>> From<S> for TensorOrScalar<'_> {
    fn from(scalar: S) -> Self {
        Self::Scalar(scalar.into())
    }
}
