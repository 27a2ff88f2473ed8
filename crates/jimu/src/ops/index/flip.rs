//! `flip`.

use super::index_select_checked;
use crate::error::OrRaise;
use crate::tensor::{Dims, Tensor};

impl Tensor {
    /// The elements in reverse order along each of the dimensions `dims`, as a copy:
    /// [`torch.flip`](https://pytorch.org/docs/stable/generated/torch.flip.html).
    ///
    /// # Panics
    /// If there is no such dimension, or one is named twice.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.flip(1).to_vec::<i64>(), [2, 1, 4, 3]);
    /// assert_eq!(x.flip([0, 1]).to_vec::<i64>(), [4, 3, 2, 1]);
    /// ```
    #[track_caller]
    pub fn flip(&self, dims: impl Into<Dims>) -> Tensor {
        let dims = dims.into();
        let mask = dims.mask(self.shape(), "flip").or_raise();
        // Unlike a reduction, a flip of no dimension flips none.
        let reversed = (0..self.dim()).filter(|&dim| !dims.is_empty() && mask[dim] && self.shape()[dim] > 1);
        reversed.fold(self.clone(), |x, dim| {
            let index = Tensor::from_vec((0..x.shape()[dim] as i64).rev().collect(), x.shape()[dim]);
            index_select_checked(&x, dim, &index)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check(|x| x[0].flip([0, -1]) * x[1], &[&variable([2, 3, 2]), &variable([2, 3, 2])]);
    }

    #[test]
    fn no_dimension_is_not_every_dimension() {
        assert_eq!(Tensor::new([1, 2]).flip(..).to_vec::<i64>(), [1, 2]);
    }
}
