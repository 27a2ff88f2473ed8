//! Tensors as text, as PyTorch prints them.

use std::fmt;

use super::Tensor;

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tensor({}, {})", self.shape(), self.dtype())
    }
}
