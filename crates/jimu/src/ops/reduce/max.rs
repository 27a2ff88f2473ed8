//! `max_dim` and `min_dim`: extreme elements along one dimension, and where they stand.

use std::cmp::Ordering;

use super::argmax::arg_extreme;
use crate::tensor::Tensor;

#[track_caller]
fn extreme_dim(x: &Tensor, dim: isize, keepdim: bool, wanted: Ordering, name: &str) -> (Tensor, Tensor) {
    let positions = arg_extreme(x, dim, wanted, name);
    let values = x.gather(dim, &positions);
    match keepdim {
        true => (values, positions),
        false => (values.squeeze_dim(dim), positions.squeeze_dim(dim)),
    }
}

impl Tensor {
    /// The largest elements along dimension `dim`, and their positions: `x.max(dim, keepdim)` in
    /// [PyTorch](https://pytorch.org/docs/stable/generated/torch.max.html). The first of several; NaN counts as the
    /// largest. The gradient goes to the elements at these positions.
    ///
    /// # Panics
    /// If there is no such dimension, or it is empty.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (values, indices) = Tensor::new([[1.0, 4.0], [3.0, 2.0]]).max_dim(1, false);
    /// assert_eq!(values.to_vec::<f32>(), [4.0, 3.0]);
    /// assert_eq!(indices.to_vec::<i64>(), [1, 0]);
    /// ```
    #[track_caller]
    pub fn max_dim(&self, dim: isize, keepdim: bool) -> (Tensor, Tensor) {
        extreme_dim(self, dim, keepdim, Ordering::Greater, "max")
    }

    /// The smallest elements along dimension `dim`, and their positions: `x.min(dim, keepdim)` in
    /// [PyTorch](https://pytorch.org/docs/stable/generated/torch.min.html). As [`max_dim`](Self::max_dim).
    ///
    /// # Panics
    /// If there is no such dimension, or it is empty.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (values, indices) = Tensor::new([[1.0, 4.0], [3.0, 2.0]]).min_dim(0, true);
    /// assert_eq!(values.to_vec::<f32>(), [1.0, 2.0]);
    /// assert_eq!(indices.size(), [1, 2]);
    /// ```
    #[track_caller]
    pub fn min_dim(&self, dim: isize, keepdim: bool) -> (Tensor, Tensor) {
        extreme_dim(self, dim, keepdim, Ordering::Less, "min")
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].max_dim(1, true).0 * x[1], &[&variable([2, 3, 2]), &variable([2])]);
        check(|x| x[0].min_dim(-2, false).0, &[&variable([2, 3, 2])]);
    }

    #[test]
    fn the_named_element_gets_the_gradient() {
        let x = Tensor::new([2.0, 3.0, 3.0]).requires_grad_();
        x.max_dim(0, false).0.backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 1.0, 0.0]);
    }
}
