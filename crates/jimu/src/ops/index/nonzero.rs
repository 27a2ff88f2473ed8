//! `nonzero`.

use crate::dtype::DType;
use crate::error::OrRaise;
use crate::tensor::Tensor;

impl Tensor {
    /// The positions of the elements other than 0, a row for each, in order, in `i64`:
    /// [`torch.nonzero`](https://pytorch.org/docs/stable/generated/torch.nonzero.html).
    ///
    /// # Shape
    /// `(count, dim)`: the number of such elements, and the tensor's number of dimensions.
    ///
    /// # Panics
    /// If the tensor is on the meta device: the shape of the result depends on the values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[0.0, 2.0], [3.0, 0.0]]);
    /// assert_eq!(x.nonzero().to_vec::<i64>(), [0, 1, 1, 0]);
    /// ```
    #[track_caller]
    pub fn nonzero(&self) -> Tensor {
        self.readable("nonzero").or_raise();
        let (strides, shape) = (self.shape().contiguous_strides(), self.shape());
        let mut positions: Vec<i64> = Vec::new();
        let mut count = 0;
        for (index, truth) in self.detach().to(DType::Bool).to_vec::<bool>().into_iter().enumerate() {
            if truth {
                count += 1;
                positions.extend(strides.iter().zip(shape.iter()).map(|(stride, size)| (index / stride % size) as i64));
            }
        }
        Tensor::from_vec(positions, [count, self.dim()])
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn shapes_at_the_edge() {
        assert_eq!(Tensor::new(3.0).nonzero().size(), [1, 0]);
        assert_eq!(Tensor::zeros([2, 3]).nonzero().size(), [0, 2]);
        assert_eq!(Tensor::ones([2, 2]).t().nonzero().to_vec::<i64>(), [0, 0, 0, 1, 1, 0, 1, 1]);
    }
}
