//! `nansum` and `nanmean`: NaN passed over.

use crate::tensor::{Dims, Tensor};

impl Tensor {
    /// The sums over the dimensions `dims`, NaN counted as 0:
    /// [`torch.nansum`](https://pytorch.org/docs/stable/generated/torch.nansum.html).
    ///
    /// # Args
    /// - `dims`: one dimension or several, which go, or stay with size 1; none (or `..`) means all.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1.0, f32::NAN, 2.0]).nansum(.., false).item(), 3.0);
    /// ```
    #[track_caller]
    pub fn nansum(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        self.masked_fill(&self.isnan(), 0).sum_dim(dims, keepdim)
    }

    /// The means over the dimensions `dims` of the elements that are not NaN; NaN where there is none:
    /// [`torch.nanmean`](https://pytorch.org/docs/stable/generated/torch.nanmean.html).
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1.0, f32::NAN, 2.0]).nanmean(.., false).item(), 1.5);
    /// ```
    #[track_caller]
    pub fn nanmean(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        let dims = dims.into();
        let count = self.isnan().logical_not().sum_dim(dims.clone(), keepdim);
        self.nansum(dims, keepdim) / count
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].nansum(1, false) * x[0].nanmean([0, 1], true), &[&variable([2, 3])]);
    }

    #[test]
    fn nan_gets_no_gradient() {
        let x = Tensor::new([1.0, f32::NAN, 2.0]).requires_grad_();
        x.nanmean(.., false).backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.5, 0.0, 0.5]);
        assert!(Tensor::new([f32::NAN]).nanmean(.., false).item().is_nan());
    }
}
