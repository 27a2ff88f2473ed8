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

    /// The columns in reverse order: [`torch.fliplr`](https://pytorch.org/docs/stable/generated/torch.fliplr.html).
    ///
    /// # Panics
    /// If there are fewer than two dimensions.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::new([[1, 2], [3, 4]]).fliplr().to_vec::<i64>(), [2, 1, 4, 3]);
    /// ```
    #[track_caller]
    pub fn fliplr(&self) -> Tensor {
        self.shape().dim(1, "fliplr").or_raise();
        self.flip(1)
    }

    /// The rows in reverse order: [`torch.flipud`](https://pytorch.org/docs/stable/generated/torch.flipud.html).
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::new([[1, 2], [3, 4]]).flipud().to_vec::<i64>(), [3, 4, 1, 2]);
    /// ```
    #[track_caller]
    pub fn flipud(&self) -> Tensor {
        self.flip(0)
    }

    /// The plane of two dimensions turned by `k` quarters, from the first towards the second:
    /// [`torch.rot90`](https://pytorch.org/docs/stable/generated/torch.rot90.html).
    ///
    /// # Args
    /// - `k`: how many quarters; negative ones turn the other way. 1 in PyTorch unless given.
    /// - `dims`: the plane, `[0, 1]` in PyTorch unless given.
    ///
    /// # Panics
    /// If there are no such dimensions, or the two are one.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([[1, 2], [3, 4]]).rot90(1, [0, 1]).to_vec::<i64>(), [2, 4, 1, 3]);
    /// ```
    #[track_caller]
    pub fn rot90(&self, k: isize, dims: [isize; 2]) -> Tensor {
        Dims::from(dims).mask(self.shape(), "rot90").or_raise();
        let [first, second] = dims;
        match k.rem_euclid(4) {
            1 => self.flip(second).transpose(first, second),
            2 => self.flip(dims),
            3 => self.flip(first).transpose(first, second),
            _ => self.clone(),
        }
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
    fn four_quarters_are_a_turn() {
        let x = Tensor::arange(0, 6).reshape([2, 3]);
        assert_eq!(x.rot90(-1, [0, 1]).to_vec::<i64>(), [3, 0, 4, 1, 5, 2]);
        assert_eq!(x.rot90(-1, [0, 1]).rot90(5, [0, 1]).to_vec::<i64>(), x.to_vec::<i64>());
        check(|x| x[0].rot90(1, [1, 0]) * x[1], &[&variable([2, 3]), &variable([3, 2])]);
    }

    #[test]
    fn no_dimension_is_not_every_dimension() {
        assert_eq!(Tensor::new([1, 2]).flip(..).to_vec::<i64>(), [1, 2]);
    }
}
