//! `to`: another element type.

use super::map_elements;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, Element, dispatch_dtype};
use crate::error::ShapeError;
use crate::tensor::Tensor;

struct To {
    from: DType,
    to: DType,
}

impl Operation for To {
    const NAME: &'static str = "to";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(self.to, inputs[0].shape()))
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        dispatch_dtype!(self.from, A => dispatch_dtype!(self.to, B => {
            map_elements::<A, B>(inputs[0], |x| convert::<A, B>(A::from_stored(x)).into_stored())
        }))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| grad.to(self.from))
    }
}

/// By way of `f64`, which holds every value of every type but an `i64` beyond 2^53; none of the types here widens to
/// one, so nothing is lost that the target could hold.
#[inline(always)]
fn convert<A: Element, B: Element>(value: A) -> B {
    B::from_f64(value.to_f64())
}

impl Tensor {
    /// The elements converted to `dtype`: `x.to(dtype)`. Fractions are cut off towards zero on the way to whole
    /// numbers; to `bool`, everything but 0 is true. A tensor of that type already is returned as it is.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::{DType, Tensor};
    /// let x = Tensor::new([-1.5, 0.0, 2.9]);
    /// assert_eq!(x.to(DType::I64).to_vec::<i64>(), [-1, 0, 2]);
    /// assert_eq!(x.to(DType::Bool).to_vec::<bool>(), [true, false, true]);
    /// ```
    #[track_caller]
    pub fn to(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype() {
            return self.clone();
        }
        apply(To { from: self.dtype(), to: dtype }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_come_back_in_their_own_type() {
        let x = Tensor::new([1.0, 2.0]).requires_grad_();
        x.to(DType::F64).sum().backward();
        assert_eq!(x.grad().unwrap().dtype(), DType::F32);
    }
}
