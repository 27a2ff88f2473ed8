//! The products that PyTorch has names of their own for, each a case of `matmul`.

use super::matmul::try_matmul;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// `matmul` for operands of the ranks that `name` asks for.
fn ranked(name: &str, a: &Tensor, b: &Tensor, ranks: (usize, usize)) -> Result<Tensor, ShapeError> {
    if (a.dim(), b.dim()) != ranks {
        let (left, right) = (a.shape(), b.shape());
        return Err(ShapeError::new(
            name,
            format!(
                "the operands must have {} and {} dimensions, but the shapes are {left} and {right}",
                ranks.0, ranks.1
            ),
        )
        .help("matmul takes any ranks"));
    }
    try_matmul(a, b).map_err(|error| error.told_by(name))
}

impl Tensor {
    /// The product of two matrices, (m, k) and (k, n):
    /// [`torch.mm`](https://pytorch.org/docs/stable/generated/torch.mm.html).
    ///
    /// # Panics
    /// If an operand is no matrix or the inner sizes differ.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::ones([2, 3]).mm(&Tensor::ones([3, 1])).to_vec::<f32>(), [3.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn mm(&self, other: &Tensor) -> Tensor {
        ranked("mm", self, other, (2, 2)).or_raise()
    }

    /// The products of two batches of matrices, (b, m, k) and (b, k, n):
    /// [`torch.bmm`](https://pytorch.org/docs/stable/generated/torch.bmm.html).
    ///
    /// # Panics
    /// If an operand is no batch of matrices, or sizes differ.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::ones([4, 2, 3]).bmm(&Tensor::ones([4, 3, 5])).size(), [4, 2, 5]);
    /// ```
    #[track_caller]
    pub fn bmm(&self, other: &Tensor) -> Tensor {
        ranked("bmm", self, other, (3, 3)).or_raise()
    }

    /// The product of a matrix (m, k) and a vector (k):
    /// [`torch.mv`](https://pytorch.org/docs/stable/generated/torch.mv.html).
    ///
    /// # Panics
    /// If the ranks are others or the inner sizes differ.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::ones([2, 3]).mv(&Tensor::ones([3])).to_vec::<f32>(), [3.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn mv(&self, vector: &Tensor) -> Tensor {
        ranked("mv", self, vector, (2, 1)).or_raise()
    }

    /// The inner product of two vectors: [`torch.dot`](https://pytorch.org/docs/stable/generated/torch.dot.html).
    ///
    /// # Panics
    /// If an operand is no vector or the sizes differ.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1.0, 2.0]).dot(&Tensor::new([3.0, 4.0])).item(), 11.0);
    /// ```
    #[track_caller]
    pub fn dot(&self, other: &Tensor) -> Tensor {
        ranked("dot", self, other, (1, 1)).or_raise()
    }

    /// The products of every pair of elements of two vectors, (m) and (n), as a matrix (m, n):
    /// [`torch.outer`](https://pytorch.org/docs/stable/generated/torch.outer.html).
    ///
    /// # Panics
    /// If an operand is no vector.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1, 2]).outer(&Tensor::new([3, 4])).to_vec::<i64>(), [3, 4, 6, 8]);
    /// ```
    #[track_caller]
    pub fn outer(&self, other: &Tensor) -> Tensor {
        if (self.dim(), other.dim()) != (1, 1) {
            let (left, right) = (self.shape(), other.shape());
            crate::error::raise(
                ShapeError::new("outer", format!("two vectors are needed, but the shapes are {left} and {right}"))
                    .help("flatten them first"),
            );
        }
        self.unsqueeze(1) * other.unsqueeze(0)
    }

    /// `beta * self + alpha * (a @ b)`, `self` broadcast:
    /// [`torch.addmm`](https://pytorch.org/docs/stable/generated/torch.addmm.html).
    ///
    /// # Panics
    /// As [`mm`](Self::mm), or if `self` cannot be broadcast to the product.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let y = Tensor::ones([1]).addmm(&Tensor::ones([2, 3]), &Tensor::ones([3, 2]), 1.0, 2.0);
    /// assert_eq!(y.to_vec::<f32>(), [7.0; 4]);
    /// ```
    #[track_caller]
    pub fn addmm(&self, a: &Tensor, b: &Tensor, beta: f64, alpha: f64) -> Tensor {
        add_product(self, &ranked("addmm", a, b, (2, 2)).or_raise(), beta, alpha)
    }

    /// `beta * self + alpha * (a @ b)` for batches of matrices:
    /// [`torch.baddbmm`](https://pytorch.org/docs/stable/generated/torch.baddbmm.html).
    ///
    /// # Panics
    /// As [`bmm`](Self::bmm), or if `self` cannot be broadcast to the product.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let y = Tensor::ones([1]).baddbmm(&Tensor::ones([2, 1, 3]), &Tensor::ones([2, 3, 1]), 1.0, 2.0);
    /// assert_eq!(y.to_vec::<f32>(), [7.0; 2]);
    /// ```
    #[track_caller]
    pub fn baddbmm(&self, a: &Tensor, b: &Tensor, beta: f64, alpha: f64) -> Tensor {
        add_product(self, &ranked("baddbmm", a, b, (3, 3)).or_raise(), beta, alpha)
    }
}

/// With `beta` 0 the addend is passed over, NaN and all, as in PyTorch. Whole numbers stay whole.
#[track_caller]
fn add_product(addend: &Tensor, product: &Tensor, beta: f64, alpha: f64) -> Tensor {
    let scale = |x: &Tensor, factor: f64| match (factor == 1.0, x.dtype().is_floating_point()) {
        (true, _) => x.clone(),
        (false, true) => x * factor,
        (false, false) => x * factor as i64,
    };
    let product = scale(product, alpha);
    if beta == 0.0 { product } else { scale(addend, beta) + product }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let inputs = [variable([2]), variable([3, 2]), variable([2, 2])];
        check(|x| x[0].addmm(x[1], x[2], 0.5, 2.0), &[&inputs[0], &inputs[1], &inputs[2]]);
        check(|x| x[0].outer(x[1]), &[&variable([2]), &variable([3])]);
    }

    #[test]
    #[should_panic(expected = "mm: the operands must have 2 and 2 dimensions, but the shapes are [2] and [2, 2]")]
    fn refusal() {
        Tensor::zeros([2]).mm(&Tensor::zeros([2, 2]));
    }
}
