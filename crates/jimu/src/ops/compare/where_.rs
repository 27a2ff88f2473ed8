//! `where_`.

use smallvec::smallvec;

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::dtype::{DType, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::zip_three_elements;
use crate::ops::operand::TensorOrScalar;
use crate::tensor::{Tensor, broadcast_shapes};

struct Where;

impl Operation for Where {
    const NAME: &'static str = "where";

    fn saves(&self) -> Saves {
        Saves::These(0b1)
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[1]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_dtype!(spec.dtype, T => {
            zip_three_elements::<T, T, bool, T>(inputs[1], inputs[2], inputs[0], |a, b, condition| {
                if condition != 0 { a } else { b }
            })
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let condition = context.input(0);
        smallvec![
            None,
            context.needs(1).then(|| condition.where_(grad, 0.0)),
            context.needs(2).then(|| condition.where_(0.0, grad)),
        ]
    }
}

/// `a` where `condition`, `b` elsewhere, in type `dtype`.
pub(super) fn try_where(condition: &Tensor, a: &Tensor, b: &Tensor, dtype: DType) -> Result<Tensor, ShapeError> {
    if condition.dtype() != DType::Bool {
        return Err(ShapeError::new("where", format!("the condition is {}, not bool", condition.dtype()))
            .help("compare, as in x.ne(0), or convert with x.to(DType::Bool)"));
    }
    let values = broadcast_shapes(a.shape(), b.shape(), "where")?;
    let shape = broadcast_shapes(condition.shape(), &values, "where")?;
    let (a, b) = (a.to(dtype).expand(&shape), b.to(dtype).expand(&shape));
    try_apply(Where, &[&condition.expand(&shape), &a, &b])
}

impl Tensor {
    /// `a` where the condition `self` is true, `b` elsewhere, element by element; also written
    /// `Tensor::where_(&condition, &a, &b)`: [`torch.where`](https://pytorch.org/docs/stable/generated/torch.where.html).
    /// No gradient flows to the element that is not chosen.
    ///
    /// # Args
    /// - `a`, `b`: tensors or numbers; their types are promoted.
    ///
    /// # Shape
    /// Any three that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result
    /// has that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or the condition does not hold truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([-1.0, 2.0]);
    /// assert_eq!(x.gt(0.0).where_(&x, 0.5).to_vec::<f32>(), [0.5, 2.0]);
    /// assert_eq!(Tensor::where_(&x.gt(0.0), 1, 0).to_vec::<i64>(), [0, 1]);
    /// ```
    #[track_caller]
    pub fn where_<'a, 'b>(&self, a: impl Into<TensorOrScalar<'a>>, b: impl Into<TensorOrScalar<'b>>) -> Tensor {
        let (a, b) = (a.into(), b.into());
        let (a, b) = match (a, b) {
            (TensorOrScalar::Tensor(a), b) => (a.clone(), b.beside(a.dtype())),
            (a, b) => (a.beside(b.dtype()), b.beside(b.dtype())),
        };
        try_where(self, &a, &b, a.dtype().promote(b.dtype())).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let condition = Tensor::new([[true, false, true], [false, false, true]]);
        check(|x| condition.where_(x[0], x[1]), &[&variable([2, 3]), &variable([2, 3])]);
        check(|x| condition.where_(x[0], x[1]), &[&variable([4, 1, 3]), &variable([1])]);
        check(|x| condition.where_(x[0], 2.0), &[&variable([3])]);
    }

    #[test]
    fn types_are_promoted() {
        let condition = Tensor::new([true, false]);
        assert_eq!(condition.where_(1, 0.5).dtype(), DType::F32);
        assert_eq!(condition.where_(true, false).dtype(), DType::Bool);
        assert_eq!(condition.where_(0.5, &Tensor::zeros_of([2], DType::F64)).dtype(), DType::F64);
        assert_eq!(condition.where_(&Tensor::new([1u8, 2]), 3).dtype(), DType::U8);
    }

    #[test]
    fn what_is_not_chosen_gets_no_gradient_even_if_infinite() {
        let x = Tensor::new([0.0, 4.0]).requires_grad_();
        x.gt(0.0).where_(&x.rsqrt(), 1.0).sum().backward();
        assert_eq!(x.gt(0.0).where_(x.grad().as_ref().unwrap(), 0.0).to_vec::<f32>(), [0.0, -0.0625]);
    }

    #[test]
    #[should_panic(expected = "where: the condition is int64, not bool")]
    fn refusal() {
        Tensor::new([1, 0]).where_(1.0, 0.0);
    }
}
