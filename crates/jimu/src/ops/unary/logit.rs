//! `logit`.

use crate::tensor::Tensor;

impl Tensor {
    /// ln(x / (1 - x)) of every element, which undoes [`sigmoid`](Self::sigmoid):
    /// [`torch.logit`](https://pytorch.org/docs/stable/generated/torch.logit.html). Infinite at 0 and 1, NaN outside. Whole
    /// numbers are converted to `f32` first.
    ///
    /// # Args
    /// - `eps`: if given, elements below `eps` are first raised to it, and those above 1 - `eps` lowered to that.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([0.5, 1.0]).logit(None).to_vec::<f32>(), [0.0, f32::INFINITY]);
    /// assert!(Tensor::new([1.0]).logit(1e-6).isfinite().item() == 1.0);
    /// ```
    #[track_caller]
    pub fn logit(&self, eps: impl Into<Option<f64>>) -> Tensor {
        let x = self.to(self.dtype().to_floating_point());
        let x = match eps.into() {
            Some(eps) => {
                let (low, high) = (x.lt(eps), x.gt(1.0 - eps));
                low.where_(eps, &high.where_(1.0 - eps, &x))
            }
            None => x,
        };
        (&x / (1.0 - &x)).log()
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_unary;

    #[test]
    fn derivatives() {
        check_unary(|x| x.logit(None), &[0.1, 0.5, 0.8]);
        check_unary(|x| x.logit(0.2), &[0.1, 0.5, 0.7, 0.9]);
    }
}
