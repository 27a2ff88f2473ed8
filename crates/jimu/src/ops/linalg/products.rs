//! The products that PyTorch has names of their own for, each a case of `matmul`.

use super::matmul::try_matmul;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Tensor, broadcast_shapes};

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
        try_add_product("addmm", self, &ranked("addmm", a, b, (2, 2)).or_raise(), beta, alpha).or_raise()
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
        try_add_product("baddbmm", self, &ranked("baddbmm", a, b, (3, 3)).or_raise(), beta, alpha).or_raise()
    }

    /// `beta * self + alpha * Σ (a @ b)`, the products of a batch of matrices added up:
    /// [`torch.addbmm`](https://pytorch.org/docs/stable/generated/torch.addbmm.html).
    ///
    /// # Panics
    /// As [`bmm`](Self::bmm), or if `self` cannot be broadcast to the sum.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let y = Tensor::ones([1]).addbmm(&Tensor::ones([2, 1, 3]), &Tensor::ones([2, 3, 1]), 1.0, 2.0);
    /// assert_eq!(y.to_vec::<f32>(), [13.0]);
    /// ```
    #[track_caller]
    pub fn addbmm(&self, a: &Tensor, b: &Tensor, beta: f64, alpha: f64) -> Tensor {
        batch_rule("addbmm", a, b).or_raise();
        // The batch joins the inner dimension: one product of matrices instead of a sum of many.
        let rows = a.permute([1, 0, 2]).flatten(1..);
        try_add_product("addbmm", self, &rows.mm(&b.flatten(..=1)), beta, alpha).or_raise()
    }

    /// `beta * self + alpha * (matrix @ vector)`:
    /// [`torch.addmv`](https://pytorch.org/docs/stable/generated/torch.addmv.html).
    ///
    /// # Panics
    /// As [`mv`](Self::mv), or if `self` cannot be broadcast to the product.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let y = Tensor::ones([2]).addmv(&Tensor::ones([2, 3]), &Tensor::ones([3]), 1.0, 2.0);
    /// assert_eq!(y.to_vec::<f32>(), [7.0, 7.0]);
    /// ```
    #[track_caller]
    pub fn addmv(&self, matrix: &Tensor, vector: &Tensor, beta: f64, alpha: f64) -> Tensor {
        try_add_product("addmv", self, &ranked("addmv", matrix, vector, (2, 1)).or_raise(), beta, alpha).or_raise()
    }

    /// `beta * self + alpha * a.outer(b)`:
    /// [`torch.addr`](https://pytorch.org/docs/stable/generated/torch.addr.html).
    ///
    /// # Panics
    /// As [`outer`](Self::outer), or if `self` cannot be broadcast to the product.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let y = Tensor::ones([1]).addr(&Tensor::new([1.0, 2.0]), &Tensor::new([3.0]), 1.0, 2.0);
    /// assert_eq!(y.to_vec::<f32>(), [7.0, 13.0]);
    /// ```
    #[track_caller]
    pub fn addr(&self, a: &Tensor, b: &Tensor, beta: f64, alpha: f64) -> Tensor {
        try_add_product("addr", self, &a.outer(b), beta, alpha).or_raise()
    }

    /// The inner products of the vectors that lie along the last dimensions, each of `self` with each of `other`:
    /// [`torch.inner`](https://pytorch.org/docs/stable/generated/torch.inner.html). With a 0-d tensor it is a product
    /// with a number.
    ///
    /// # Shape
    /// (…, k) and (…, k): the dimensions of `self` but the last, then those of `other` but the last.
    ///
    /// # Panics
    /// If the last sizes differ.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([[1.0, 2.0], [3.0, 4.0]]), Tensor::new([10.0, 1.0]));
    /// assert_eq!(a.inner(&b).to_vec::<f32>(), [12.0, 34.0]);
    /// ```
    #[track_caller]
    pub fn inner(&self, other: &Tensor) -> Tensor {
        if self.dim() == 0 || other.dim() == 0 {
            return self.mul(other);
        }
        inner_rule(self, other).or_raise();
        self.tensordot_dims(other, -1, -1)
    }
}

/// With `beta` 0 the values of the addend are passed over, NaN and all, as in PyTorch. Whole numbers stay whole, and truth
/// values stay truth values, whose factors are true unless they are 0.
fn try_add_product(name: &str, addend: &Tensor, product: &Tensor, beta: f64, alpha: f64) -> Result<Tensor, ShapeError> {
    addend_rule(name, addend, product)?;
    let scale = |x: &Tensor, factor: f64| match x.dtype() {
        _ if factor == 1.0 => x.clone(),
        DType::Bool => x.logical_and(factor != 0.0),
        dtype if dtype.is_floating_point() => x * factor,
        _ => x * factor as i64,
    };
    let addend = match beta == 0.0 {
        true => addend.masked_fill(&Tensor::scalar(true.into(), DType::Bool), 0),
        false => scale(addend, beta),
    };
    Ok(addend + scale(product, alpha))
}

fn batch_rule(name: &str, a: &Tensor, b: &Tensor) -> Result<(), ShapeError> {
    match (&**a.shape(), &**b.shape()) {
        (&[n, _, k], &[m, l, _]) if n == m && k == l => Ok(()),
        (left, right) => Err(ShapeError::new(
            name,
            format!("batches (b, m, k) and (b, k, n) are needed, but the shapes are {left:?} and {right:?}"),
        )
        .help("give both the same batch and inner size")),
    }
}

fn inner_rule(a: &Tensor, b: &Tensor) -> Result<(), ShapeError> {
    match a.shape().last() == b.shape().last() {
        true => Ok(()),
        false => Err(ShapeError::new(
            "inner",
            format!("the last sizes must be equal, but the shapes are {} and {}", a.shape(), b.shape()),
        )
        .help("transpose one of them, or use tensordot_dims to name the dimensions")),
    }
}

/// Refuses an addend that would make the product larger.
fn addend_rule(name: &str, addend: &Tensor, product: &Tensor) -> Result<(), ShapeError> {
    let (given, wanted) = (addend.shape(), product.shape());
    match broadcast_shapes(given, wanted, name)? == *wanted {
        true => Ok(()),
        false => Err(ShapeError::new(
            name,
            format!("a tensor of shape {given} cannot be added to a product of shape {wanted}"),
        )
        .help("give the addend the shape of the product, or one that broadcasts to it")),
    }
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
        check(|x| x[0].inner(x[1]), &[&variable([2, 3]), &variable([2, 3])]);
        let batches = [variable([2, 1]), variable([2, 2, 3]), variable([2, 3, 2])];
        check(|x| x[0].baddbmm(x[1], x[2], 0.5, 2.0), &[&batches[0], &batches[1], &batches[2]]);
        check(|x| x[0].addbmm(x[1], x[2], 0.5, 2.0), &[&batches[0], &batches[1], &batches[2]]);
        check(|x| x[0].addmv(x[1], x[2], 2.0, -1.0), &[&variable([1]), &variable([2, 3]), &variable([3])]);
        check(|x| x[0].addr(x[1], x[2], 2.0, -1.0), &[&variable([3]), &variable([2]), &variable([3])]);
    }

    #[test]
    fn what_is_multiplied_by_beta_0_is_passed_over_and_gets_gradient_0() {
        let x = Tensor::full([1], f64::NAN).requires_grad_();
        let y = x.addmm(&Tensor::ones([2, 3]), &Tensor::ones([3, 1]), 0.0, 1.0);
        assert_eq!(y.to_vec::<f32>(), [3.0, 3.0]);
        y.sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0]);
    }

    #[test]
    fn truth_values_stay_truth_values() {
        let (a, b) = (Tensor::new([true, false]), Tensor::new([true, true]));
        let x = Tensor::new([[false, false], [false, true]]);
        assert_eq!(x.addr(&a, &b, 1.0, 2.0).to_vec::<bool>(), [true, true, false, true]);
        assert_eq!(x.addr(&a, &b, 0.0, 1.0).to_vec::<bool>(), [true, true, false, false]);
        assert_eq!(x.addr(&a, &b, 0.5, 0.0).to_vec::<bool>(), [false, false, false, true]);
    }

    #[test]
    #[should_panic(expected = "addmm: a tensor of shape [3, 1, 1] cannot be added to a product of shape [1, 1]")]
    fn the_product_keeps_its_shape() {
        Tensor::zeros([3, 1, 1]).addmm(&Tensor::zeros([1, 1]), &Tensor::zeros([1, 1]), 1.0, 1.0);
    }

    #[test]
    #[should_panic(expected = "mm: the operands must have 2 and 2 dimensions, but the shapes are [2] and [2, 2]")]
    fn refusal() {
        Tensor::zeros([2]).mm(&Tensor::zeros([2, 2]));
    }
}
