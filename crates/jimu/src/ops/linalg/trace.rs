//! `trace`.

use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

impl Tensor {
    /// The sum of the main diagonal of a matrix, 0-d:
    /// [`torch.trace`](https://pytorch.org/docs/stable/generated/torch.trace.html).
    ///
    /// # Panics
    /// If the tensor is no matrix.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([[1.0, 2.0], [3.0, 4.0]]).trace().item(), 5.0);
    /// ```
    #[track_caller]
    pub fn trace(&self) -> Tensor {
        if self.dim() != 2 {
            raise(
                ShapeError::new("trace", format!("a matrix is needed, but the shape is {}", self.shape()))
                    .help("sum x.diagonal(0, -2, -1) for each matrix of a batch"),
            );
        }
        self.diagonal(0, 0, 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check(|x| x[0].trace() * x[1], &[&variable([2, 3]), &variable([1])]);
    }

    #[test]
    #[should_panic(expected = "trace: a matrix is needed, but the shape is [2, 2, 2]")]
    fn refusal() {
        Tensor::zeros([2, 2, 2]).trace();
    }
}
