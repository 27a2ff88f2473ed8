//! `kron`.

use crate::tensor::{Shape, Tensor};

impl Tensor {
    /// The Kronecker product: each element of `self` times the whole of `other`, put in its place:
    /// [`torch.kron`](https://pytorch.org/docs/stable/generated/torch.kron.html).
    ///
    /// # Shape
    /// The products of the sizes; the tensor with fewer dimensions gets ones in front.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::eye(2).kron(&Tensor::new([[1.0, 2.0]]));
    /// assert_eq!(x.to_vec::<f32>(), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]);
    /// ```
    #[track_caller]
    pub fn kron(&self, other: &Tensor) -> Tensor {
        let rank = self.dim().max(other.dim());
        let size = |x: &Tensor, dim: usize| (dim + x.dim()).checked_sub(rank).map_or(1, |own| x.shape()[own]);
        let apart = |x: &Tensor, mine: usize| {
            let sizes = |dim: usize| if mine == 0 { [size(x, dim), 1] } else { [1, size(x, dim)] };
            x.reshape((0..rank).flat_map(sizes).collect::<Shape>())
        };
        let merged: Shape = (0..rank).map(|dim| size(self, dim) * size(other, dim)).collect();
        (apart(self, 0) * apart(other, 1)).reshape(merged)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].kron(x[1]), &[&variable([2, 3]), &variable([2])]);
    }

    #[test]
    fn ranks_may_differ() {
        assert_eq!(Tensor::zeros([2, 3]).kron(&Tensor::zeros([4, 1, 2])).size(), [4, 2, 6]);
        assert_eq!(Tensor::new(2).kron(&Tensor::new([1, 3])).to_vec::<i64>(), [2, 6]);
    }
}
