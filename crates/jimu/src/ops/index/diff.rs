//! `diff`.

use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

impl Tensor {
    /// The differences of neighbours along dimension `dim`, `n` times over:
    /// [`torch.diff`](https://pytorch.org/docs/stable/generated/torch.diff.html). Of truth values it is whether they
    /// differ.
    ///
    /// # Args
    /// - `n`: how often, 1 in PyTorch unless given.
    /// - `dim`: the dimension, -1 in PyTorch unless given; it has one position less after each time.
    ///
    /// # Panics
    /// If the tensor is 0-d, or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1, 4, 9, 16]);
    /// assert_eq!(x.diff(1, 0).to_vec::<i64>(), [3, 5, 7]);
    /// assert_eq!(x.diff(2, 0).to_vec::<i64>(), [2, 2]);
    /// ```
    #[track_caller]
    pub fn diff(&self, n: usize, dim: isize) -> Tensor {
        let dim = diff_rule(self, dim).or_raise();
        (0..n).fold(self.clone(), |x, _| {
            let rest = x.shape()[dim].saturating_sub(1);
            let dim = dim as isize;
            let (before, after) = (x.slice(dim, 0, rest as isize, 1), x.slice(dim, 1, isize::MAX, 1));
            if x.dtype() == DType::Bool { after.logical_xor(&before) } else { after - before }
        })
    }
}

fn diff_rule(x: &Tensor, dim: isize) -> Result<usize, ShapeError> {
    match x.dim() {
        0 => Err(ShapeError::new("diff", "a 0-d tensor has no neighbours").help("give at least one dimension")),
        _ => x.shape().dim(dim, "diff"),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].diff(1, 0) * x[1], &[&variable([3, 2]), &variable([2])]);
        check(|x| x[0].diff(2, -1), &[&variable([2, 4])]);
    }

    #[test]
    fn until_nothing_is_left() {
        assert_eq!(Tensor::zeros([2, 2]).diff(5, 1).size(), [2, 0]);
        assert_eq!(Tensor::new([true, true, false]).diff(1, 0).to_vec::<bool>(), [false, true]);
    }

    #[test]
    #[should_panic(expected = "diff: a 0-d tensor has no neighbours")]
    fn refusal() {
        Tensor::new(1).diff(1, 0);
    }
}
