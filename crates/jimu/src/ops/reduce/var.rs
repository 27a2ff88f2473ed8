//! `var`, `std` and `var_mean`.

use super::Over;
use super::power::power;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Scalar, Tensor};

/// The variances and the means, both in the shape that `keepdim` asks for. Two passes, so that a large mean costs no
/// accuracy.
fn var_mean(
    x: &Tensor,
    dims: Dims,
    correction: f64,
    keepdim: bool,
    name: &str,
) -> Result<(Tensor, Tensor), ShapeError> {
    if !x.dtype().is_floating_point() {
        return Err(ShapeError::new(name, format!("the result is real, but the elements are {}", x.dtype()))
            .help("convert them with x.to(DType::F32) first"));
    }
    let over = Over::dims(x, dims.clone(), keepdim, name)?;
    let mean = x.mean_dim(dims.clone(), true);
    let centred = x - &mean;
    let freedom = (over.count(x.shape()) as f64 - correction).max(0.0);
    let variance = (&centred * &centred).sum_dim(dims, keepdim) / freedom;
    Ok((variance, mean.reshape(over.shape(x.shape()))))
}

impl Tensor {
    /// The variance of all elements, Σ (x - mean)² / (n - 1), 0-d:
    /// [`torch.var`](https://pytorch.org/docs/stable/generated/torch.var.html).
    ///
    /// # Panics
    /// If the elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([1.0, 2.0, 3.0]).var().item(), 1.0);
    /// ```
    #[track_caller]
    pub fn var(&self) -> Tensor {
        self.var_dim(.., 1, false)
    }

    /// The variances over the dimensions `dims`, which go, or stay with size 1: `x.var(dim, correction=…, keepdim=…)`.
    ///
    /// # Args
    /// - `dims`: one dimension or several; none (or `..`) means all.
    /// - `correction`: what is taken off the number of elements to divide by: 1 for the unbiased estimate (PyTorch's
    ///   default), 0 for the variance of the elements themselves.
    ///
    /// # Panics
    /// If the elements are not real numbers, or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 3.0], [2.0, 8.0]]);
    /// assert_eq!(x.var_dim(1, 0, false).to_vec::<f32>(), [1.0, 9.0]);
    /// assert_eq!(x.var_dim(0, 1, true).to_vec::<f32>(), [0.5, 12.5]);
    /// ```
    #[track_caller]
    pub fn var_dim(&self, dims: impl Into<Dims>, correction: impl Into<Scalar>, keepdim: bool) -> Tensor {
        var_mean(self, dims.into(), correction.into().to_f64(), keepdim, "var").or_raise().0
    }

    /// The variances and the means together:
    /// [`torch.var_mean`](https://pytorch.org/docs/stable/generated/torch.var_mean.html).
    ///
    /// # Panics
    /// As [`var_dim`](Self::var_dim).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (variance, mean) = Tensor::new([[1.0, 3.0], [2.0, 8.0]]).var_mean(1, 0, false);
    /// assert_eq!(variance.to_vec::<f32>(), [1.0, 9.0]);
    /// assert_eq!(mean.to_vec::<f32>(), [2.0, 5.0]);
    /// ```
    #[track_caller]
    pub fn var_mean(&self, dims: impl Into<Dims>, correction: impl Into<Scalar>, keepdim: bool) -> (Tensor, Tensor) {
        var_mean(self, dims.into(), correction.into().to_f64(), keepdim, "var_mean").or_raise()
    }

    /// The standard deviation of all elements, the root of their [`var`](Self::var), 0-d:
    /// [`torch.std`](https://pytorch.org/docs/stable/generated/torch.std.html). Its gradient where it is 0 is taken as 0.
    ///
    /// # Panics
    /// If the elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([1.0, 3.0, 5.0]).std().item(), 2.0);
    /// ```
    #[track_caller]
    pub fn std(&self) -> Tensor {
        self.std_dim(.., 1, false)
    }

    /// The standard deviations over the dimensions `dims`, which go, or stay with size 1. As [`var_dim`](Self::var_dim).
    ///
    /// # Panics
    /// If the elements are not real numbers, or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[1.0, 3.0], [2.0, 8.0]]).std_dim(1, 0, false).to_vec::<f32>(), [1.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn std_dim(&self, dims: impl Into<Dims>, correction: impl Into<Scalar>, keepdim: bool) -> Tensor {
        power(&var_mean(self, dims.into(), correction.into().to_f64(), keepdim, "std").or_raise().0, 0.5)
    }

    /// The standard deviations and the means together:
    /// [`torch.std_mean`](https://pytorch.org/docs/stable/generated/torch.std_mean.html).
    ///
    /// # Panics
    /// As [`std_dim`](Self::std_dim).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (deviation, mean) = Tensor::new([[1.0, 3.0], [2.0, 8.0]]).std_mean(1, 0, false);
    /// assert_eq!(deviation.to_vec::<f32>(), [1.0, 3.0]);
    /// assert_eq!(mean.to_vec::<f32>(), [2.0, 5.0]);
    /// ```
    #[track_caller]
    pub fn std_mean(&self, dims: impl Into<Dims>, correction: impl Into<Scalar>, keepdim: bool) -> (Tensor, Tensor) {
        let (variance, mean) = var_mean(self, dims.into(), correction.into().to_f64(), keepdim, "std_mean").or_raise();
        (power(&variance, 0.5), mean)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].var() * x[1], &[&variable([2, 3]), &variable([1])]);
        check(|x| x[0].var_dim([0, 2], 0.5, true), &[&variable([2, 3, 2])]);
        check(|x| x[0].std_dim(1, 0, false) * x[1], &[&variable([2, 3]), &variable([2])]);
        check(|x| x[0].var_mean(0, 1, false).1 * x[0].std(), &[&variable([2, 3])]);
    }

    #[test]
    fn a_large_mean_costs_no_accuracy() {
        let x = Tensor::new([10_000_000.0, 10_000_001.0, 10_000_002.0]);
        assert_eq!(x.var().item(), 1.0);
    }

    #[test]
    fn one_element_has_no_unbiased_variance() {
        assert!(Tensor::new([1.0]).var().item().is_nan());
        let x = Tensor::new([2.0, 2.0]).requires_grad_();
        x.std().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "std: the result is real, but the elements are int64")]
    fn refusal() {
        Tensor::new([1, 2]).std();
    }
}
