//! `xlogy`.

use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

impl Tensor {
    /// x ln y, element by element, and 0 where x is 0, whatever y is but NaN:
    /// [`torch.xlogy`](https://pytorch.org/docs/stable/generated/torch.xlogy.html). What entropies are made of.
    ///
    /// # Args
    /// - `y`: a tensor or a number.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.0, 2.0]).xlogy(&Tensor::new([0.0, 1.0])).to_vec::<f32>(), [0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn xlogy<'a>(&self, y: impl Into<TensorOrScalar<'a>>) -> Tensor {
        let y = y.into().beside(self.dtype());
        let nothing = self.eq(0).logical_and(&y.isnan().logical_not());
        nothing.where_(0.0, &(self * y.log()))
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].xlogy(&x[1].exp()), &[&variable([2, 3]), &variable([3])]);
    }

    #[test]
    fn nan_comes_through() {
        assert!(Tensor::new([0.0]).xlogy(f64::NAN).item().is_nan());
    }
}
