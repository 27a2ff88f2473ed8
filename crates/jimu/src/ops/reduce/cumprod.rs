//! `cumprod` and `logcumsumexp`: running products, and logarithms of running sums.

use crate::dtype::DType;
use crate::error::OrRaise;
use crate::tensor::Tensor;

/// What `join` makes of each element and all before it along `dim`. In each round every element takes in what the one
/// so many places before it has taken in so far, and the distance doubles: no round divides, so elements that are 0 are
/// as good as others to the derivative, to every order.
fn scanned(x: &Tensor, dim: usize, join: impl Fn(&Tensor, &Tensor) -> Tensor) -> Tensor {
    let (size, dim) = (x.shape()[dim], dim as isize);
    let mut so_far = x.clone();
    let mut distance = 1;
    while distance < size {
        let joined =
            join(&so_far.narrow(dim, distance as isize, size - distance), &so_far.narrow(dim, 0, size - distance));
        so_far = Tensor::cat(&[&so_far.narrow(dim, 0, distance), &joined], dim);
        distance *= 2;
    }
    so_far
}

#[track_caller]
fn scan(x: &Tensor, dim: isize, name: &str, join: impl Fn(&Tensor, &Tensor) -> Tensor) -> Tensor {
    let dim = x.shape().dim(dim, name).or_raise();
    if x.dim() == 0 { x.clone() } else { scanned(x, dim, join) }
}

impl Tensor {
    /// Running products along dimension `dim`:
    /// [`torch.cumprod`](https://pytorch.org/docs/stable/generated/torch.cumprod.html). Whole numbers and truth values are
    /// multiplied in `i64`.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([1, 2, 3, 4]).cumprod(0).to_vec::<i64>(), [1, 2, 6, 24]);
    /// ```
    #[track_caller]
    pub fn cumprod(&self, dim: isize) -> Tensor {
        let x = if self.dtype().is_floating_point() { self.clone() } else { self.to(DType::I64) };
        scan(&x, dim, "cumprod", Tensor::mul)
    }

    /// ln Σ eˣ of each element and those before it along dimension `dim`, without overflow:
    /// [`torch.logcumsumexp`](https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html).
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1000.0, 1000.0]);
    /// assert_eq!(x.logcumsumexp(0).to_vec::<f32>(), [1000.0, 1000.0 + 2f32.ln()]);
    /// ```
    #[track_caller]
    pub fn logcumsumexp(&self, dim: isize) -> Tensor {
        scan(&self.to(self.dtype().to_floating_point()), dim, "logcumsumexp", Tensor::logaddexp)
    }
}

#[cfg(test)]
mod tests {
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].cumprod(1) * x[1], &[&variable([2, 5, 1]), &variable([5, 2])]);
        check(|x| x[0].logcumsumexp(0), &[&variable([3, 2])]);
        let zeros = Tensor::new([2.0, 0.0, 3.0, 0.0]).to(DType::F64).requires_grad_();
        check(|x| x[0].cumprod(0), &[&zeros]);
    }

    #[test]
    fn edges() {
        assert_eq!(Tensor::new(3.0).cumprod(0).item(), 3.0);
        assert_eq!(Tensor::zeros([2, 0]).cumprod(1).size(), [2, 0]);
        assert_eq!(Tensor::arange(1, 8).cumprod(0).to_vec::<i64>(), [1, 2, 6, 24, 120, 720, 5040]);
    }
}
