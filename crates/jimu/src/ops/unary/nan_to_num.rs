//! `nan_to_num`.

use crate::dtype::DType;
use crate::tensor::Tensor;

impl Tensor {
    /// The elements with NaN and the infinities replaced by numbers:
    /// [`torch.nan_to_num`](https://pytorch.org/docs/stable/generated/torch.nan_to_num.html). What is replaced gets no
    /// gradient.
    ///
    /// # Args
    /// - `nan`: in the place of NaN, 0 in PyTorch unless given.
    /// - `positive`, `negative`: in the places of the infinities; `None` for the largest and the lowest number that the
    ///   type has.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([f32::NAN, f32::INFINITY, 3.0]);
    /// assert_eq!(x.nan_to_num(0.0, None, None).to_vec::<f32>(), [0.0, f32::MAX, 3.0]);
    /// assert_eq!(x.nan_to_num(0.0, 1.0, -1.0).to_vec::<f32>(), [0.0, 1.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn nan_to_num(&self, nan: f64, positive: impl Into<Option<f64>>, negative: impl Into<Option<f64>>) -> Tensor {
        let largest = match self.dtype() {
            DType::F32 => f64::from(f32::MAX),
            DType::F64 => f64::MAX,
            // Whole numbers and truth values are all finite.
            _ => return self.clone(),
        };
        let (positive, negative) = (positive.into().unwrap_or(largest), negative.into().unwrap_or(-largest));
        let finite = self.eq(f64::INFINITY).where_(positive, &self.eq(f64::NEG_INFINITY).where_(negative, self));
        self.isnan().where_(nan, &finite)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check_unary(|x| x.nan_to_num(0.0, None, None), &[-1.0, 0.0, 2.0]);
    }

    #[test]
    fn what_is_replaced_gets_no_gradient() {
        let x = Tensor::new([f32::NAN, f32::NEG_INFINITY, 3.0]).requires_grad_();
        x.nan_to_num(0.0, 5.0, -5.0).sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.0, 1.0]);
        assert_eq!(Tensor::new([7]).nan_to_num(0.0, None, None).to_vec::<i64>(), [7]);
    }
}
