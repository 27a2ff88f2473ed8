//! `norm`.

use super::power::power;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Scalar, Tensor};

impl Tensor {
    /// The p-norm of all elements, (Σ |x|ᵖ)^(1/p), 0-d:
    /// [`torch.norm`](https://pytorch.org/docs/stable/generated/torch.norm.html). Its gradient where the norm is 0 is
    /// taken as 0.
    ///
    /// # Args
    /// - `p`: 2 is the Euclidean (Frobenius) norm; infinity the largest magnitude and minus infinity the smallest; 0 the
    ///   number of elements other than 0.
    ///
    /// # Panics
    /// If the elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[3.0, 0.0], [0.0, -4.0]]);
    /// assert_eq!(x.norm(2).item(), 5.0);
    /// assert_eq!(x.norm(1).item(), 7.0);
    /// assert_eq!(x.norm(f64::INFINITY).item(), 4.0);
    /// ```
    #[track_caller]
    pub fn norm(&self, p: impl Into<Scalar>) -> Tensor {
        self.norm_dim(p, .., false)
    }

    /// The p-norms over the dimensions `dims`, which go, or stay with size 1: `torch.norm(x, p, dim, keepdim)`.
    ///
    /// # Panics
    /// If the elements are not real numbers, or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[3.0, 4.0], [6.0, 8.0]]);
    /// assert_eq!(x.norm_dim(2, 1, false).to_vec::<f32>(), [5.0, 10.0]);
    /// assert_eq!(x.norm_dim(2, .., true).size(), [1, 1]);
    /// ```
    #[track_caller]
    pub fn norm_dim(&self, p: impl Into<Scalar>, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        norm_rule(self).or_raise();
        let (p, dims) = (p.into().to_f64(), dims.into());
        if p == f64::INFINITY {
            power(self, 1.0).amax(dims, keepdim)
        } else if p == f64::NEG_INFINITY {
            power(self, 1.0).amin(dims, keepdim)
        } else if p == 0.0 || p == 1.0 {
            power(self, p).sum_dim(dims, keepdim)
        } else {
            power(&power(self, p).sum_dim(dims, keepdim), 1.0 / p)
        }
    }
}

fn norm_rule(x: &Tensor) -> Result<(), ShapeError> {
    match x.dtype().is_floating_point() {
        true => Ok(()),
        false => Err(ShapeError::new("norm", format!("the norm is real, but the elements are {}", x.dtype()))
            .help("convert them with x.to(DType::F32) first")),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let x = variable([2, 3]);
        for p in [-1.0, 0.5, 1.0, 1.5, 2.0, 3.0, f64::INFINITY, f64::NEG_INFINITY] {
            check(|x| x[0].norm_dim(p, 1, true) * x[1], &[&x, &variable([2, 1])]);
        }
    }

    #[test]
    fn zeros_have_norm_and_gradient_zero() {
        for p in [0.0, 1.0, 2.0, 3.0] {
            let x = Tensor::zeros([3]).requires_grad_();
            let norm = x.norm(p);
            norm.backward();
            assert_eq!((norm.item(), x.grad().unwrap().to_vec::<f32>()), (0.0, vec![0.0; 3]), "p = {p}");
        }
        assert_eq!(Tensor::new([0.0, -7.0, 2.0]).norm(0).item(), 2.0);
    }
}
