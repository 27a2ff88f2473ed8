//! `atleast_1d`, `atleast_2d` and `atleast_3d`: dimensions of size 1 where some are missing.

use crate::tensor::Tensor;

impl Tensor {
    /// The tensor with at least one dimension:
    /// [`torch.atleast_1d`](https://pytorch.org/docs/stable/generated/torch.atleast_1d.html).
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::new(1.0).atleast_1d().size(), [1]);
    /// ```
    pub fn atleast_1d(&self) -> Tensor {
        if self.dim() == 0 { self.unsqueeze(0) } else { self.clone() }
    }

    /// The tensor with at least two dimensions, a vector as a row:
    /// [`torch.atleast_2d`](https://pytorch.org/docs/stable/generated/torch.atleast_2d.html).
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([3]).atleast_2d().size(), [1, 3]);
    /// ```
    pub fn atleast_2d(&self) -> Tensor {
        let x = self.atleast_1d();
        if x.dim() == 1 { x.unsqueeze(0) } else { x }
    }

    /// The tensor with at least three dimensions, a vector as a row, a matrix as a layer:
    /// [`torch.atleast_3d`](https://pytorch.org/docs/stable/generated/torch.atleast_3d.html).
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([3, 4]).atleast_3d().size(), [3, 4, 1]);
    /// ```
    pub fn atleast_3d(&self) -> Tensor {
        let x = self.atleast_2d();
        if x.dim() == 2 { x.unsqueeze(-1) } else { x }
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn vectors_and_numbers() {
        assert_eq!(Tensor::new(1).atleast_3d().size(), [1, 1, 1]);
        assert_eq!(Tensor::zeros([3]).atleast_3d().size(), [1, 3, 1]);
        assert_eq!(Tensor::zeros([2, 3, 4, 5]).atleast_3d().dim(), 4);
    }
}
