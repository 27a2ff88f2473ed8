//! `aminmax`.

use crate::tensor::{Dims, Tensor};

impl Tensor {
    /// The smallest and the largest elements over the dimensions `dims`, which go, or stay with size 1:
    /// [`torch.aminmax`](https://pytorch.org/docs/stable/generated/torch.aminmax.html). Equal elements share the gradient
    /// evenly.
    ///
    /// # Args
    /// - `dims`: one dimension or several; none (or `..`) means all.
    ///
    /// # Panics
    /// If there is no such dimension, or there is nothing to fold.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (least, most) = Tensor::new([[1.0, 4.0], [3.0, 2.0]]).aminmax(1, false);
    /// assert_eq!((least.to_vec::<f32>(), most.to_vec::<f32>()), (vec![1.0, 2.0], vec![4.0, 3.0]));
    /// ```
    #[track_caller]
    pub fn aminmax(&self, dims: impl Into<Dims>, keepdim: bool) -> (Tensor, Tensor) {
        let dims = dims.into();
        (self.amin(dims.clone(), keepdim), self.amax(dims, keepdim))
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].aminmax(0, true).0 * x[0].aminmax(.., false).1, &[&variable([2, 3])]);
    }
}
