//! `prod`.

use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The products along dimension `dim`, which stays with size 1: halves are multiplied together until one row is left.
/// The derivative of each step needs no division, so elements that are 0 are as good as others, to every order.
fn product(x: &Tensor, dim: usize) -> Tensor {
    let (mut rest, along) = (x.clone(), dim as isize);
    loop {
        let size = rest.shape()[dim];
        match size {
            // No factor: 1.
            0 => return rest.sum_dim(along, true) + 1,
            1 => return rest,
            _ => {}
        }
        let half = size / 2;
        let pairs = rest.narrow(along, 0, half).mul(&rest.narrow(along, half as isize, half));
        rest = match size % 2 {
            0 => pairs,
            _ => Tensor::cat(&[&pairs, &rest.narrow(along, -1, 1)], along),
        };
    }
}

fn try_prod(x: &Tensor, dim: isize, keepdim: bool) -> Result<Tensor, ShapeError> {
    let place = x.shape().dim(dim, "prod")?;
    let x = if x.dtype().is_floating_point() { x.clone() } else { x.to(DType::I64) };
    if x.dim() == 0 {
        return Ok(x);
    }
    let products = product(&x, place);
    Ok(if keepdim { products } else { products.squeeze_dim(dim) })
}

impl Tensor {
    /// The product of all elements, 0-d: [`torch.prod`](https://pytorch.org/docs/stable/generated/torch.prod.html).
    /// Whole numbers and truth values are multiplied in `i64`.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([2.0, 0.0, 5.0]).requires_grad_();
    /// x.prod().backward();
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 10.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn prod(&self) -> Tensor {
        try_prod(&self.reshape([-1]), 0, false).or_raise()
    }

    /// The products along dimension `dim`, which goes, or stays with size 1: `x.prod(dim, keepdim)`.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.prod_dim(0, false).to_vec::<i64>(), [3, 8]);
    /// assert_eq!(x.prod_dim(-1, true).size(), [2, 1]);
    /// ```
    #[track_caller]
    pub fn prod_dim(&self, dim: isize, keepdim: bool) -> Tensor {
        try_prod(self, dim, keepdim).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].prod() * x[1], &[&variable([2, 3]), &variable([1])]);
        check(|x| x[0].prod_dim(1, true), &[&variable([2, 5, 2])]);
        let zeros = Tensor::new([[0.0, 2.0, 3.0], [0.0, 0.0, 4.0]]).to(DType::F64).requires_grad_();
        check(|x| x[0].prod_dim(1, false), &[&zeros]);
    }

    #[test]
    fn no_factor_is_one() {
        assert_eq!(Tensor::zeros([2, 0]).prod_dim(1, false).to_vec::<f32>(), [1.0, 1.0]);
        assert_eq!(Tensor::zeros([0]).prod().item(), 1.0);
    }
}
