//! `clamp`.

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::dtype::{DType, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::{both, zip_elements, zip_three_elements};
use crate::ops::numeric::Number;
use crate::ops::operand::TensorOrScalar;
use crate::tensor::{Tensor, broadcast_shapes};

/// The larger of both; NaN wins.
#[inline(always)]
fn at_least<N: Number>(x: N, min: N) -> N {
    if x < min || min.is_nan() { min } else { x }
}

/// The smaller of both; NaN wins.
#[inline(always)]
fn at_most<N: Number>(x: N, max: N) -> N {
    if x > max || max.is_nan() { max } else { x }
}

fn number_rule(x: &Tensor) -> Result<Spec, ShapeError> {
    match x.dtype() {
        DType::Bool => Err(ShapeError::new("clamp", "truth values have no order")
            .help("convert them with x.to(DType::I64), or use logical_and and logical_or")),
        _ => Ok(Spec::like(x)),
    }
}

/// Both bounds. Where `min` is above `max`, the result is `max`.
struct Clamp {
    /// Whether the bounds are numbers, which leave the element on them no gradient; a tensor shares it.
    numbers: bool,
}

impl Operation for Clamp {
    const NAME: &'static str = "clamp";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        number_rule(inputs[0])
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => {
            zip_three_elements::<T, T, T, T>(inputs[0], inputs[1], inputs[2], |x, min, max| {
                at_most(at_least(x, min), max)
            })
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (x, min, max) = (context.input(0), context.input(1), context.input(2));
        let of_x = || {
            if self.numbers {
                return x.gt(&min).logical_and(&x.lt(&max)).where_(grad, 0.0);
            }
            let on_bound = x.eq(&min).logical_or(&x.eq(&max)).logical_and(&min.lt(&max));
            let outside = x.lt(&min).logical_or(&x.gt(&max));
            outside.where_(0.0, &halved(&on_bound, grad))
        };
        let of_min = || {
            let used = x.le(&min).logical_and(&min.lt(&max));
            used.where_(&halved(&x.eq(&min), grad), 0.0)
        };
        let of_max = || {
            let tie = x.eq(&max).logical_and(&min.lt(&max));
            let used = x.gt(&max).logical_or(&max.lt(&min)).logical_or(&tie);
            used.where_(&halved(&tie, grad), 0.0)
        };
        [context.needs(0).then(of_x), context.needs(1).then(of_min), context.needs(2).then(of_max)]
            .into_iter()
            .collect()
    }
}

/// Half of the gradient where `tie`, all of it elsewhere.
fn halved(tie: &Tensor, grad: &Tensor) -> Tensor {
    tie.where_(&(grad * 0.5), grad)
}

struct ClampMin {
    numbers: bool,
}

impl Operation for ClampMin {
    const NAME: &'static str = "clamp_min";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        number_rule(inputs[0])
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], at_least))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (x, min) = (context.input(0), context.input(1));
        let of_x = || match self.numbers {
            true => x.gt(&min).where_(grad, 0.0),
            false => x.lt(&min).where_(0.0, &halved(&x.eq(&min), grad)),
        };
        both(context, of_x, || x.le(&min).where_(&halved(&x.eq(&min), grad), 0.0))
    }
}

struct ClampMax {
    numbers: bool,
}

impl Operation for ClampMax {
    const NAME: &'static str = "clamp_max";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        number_rule(inputs[0])
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], at_most))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (x, max) = (context.input(0), context.input(1));
        let of_x = || match self.numbers {
            true => x.lt(&max).where_(grad, 0.0),
            false => x.gt(&max).where_(0.0, &halved(&x.eq(&max), grad)),
        };
        both(context, of_x, || x.ge(&max).where_(&halved(&x.eq(&max), grad), 0.0))
    }
}

/// `x` and `bounds` in one type and one shape.
fn together(x: &Tensor, bounds: &[Tensor]) -> Result<Vec<Tensor>, ShapeError> {
    let dtype = bounds.iter().fold(x.dtype(), |dtype, bound| dtype.promote(bound.dtype()));
    let shape = bounds.iter().try_fold(x.size(), |shape, bound| broadcast_shapes(&shape, bound.shape(), "clamp"))?;
    Ok(std::iter::once(x).chain(bounds).map(|operand| operand.to(dtype).expand(&shape)).collect())
}

/// [`Tensor::clamp_min`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn clamp_min(x: &Tensor, min: TensorOrScalar<'_>) -> Tensor {
    let numbers = min.is_scalar();
    let operands = together(x, &[min.beside(x.dtype())]).or_raise();
    if operands[0].dtype() == DType::Bool {
        return operands[0].logical_or(&operands[1]);
    }
    try_apply(ClampMin { numbers }, &[&operands[0], &operands[1]]).or_raise()
}

/// [`Tensor::clamp_max`] once its operand is converted: compiled here, not in each crate that calls it.
#[track_caller]
fn clamp_max(x: &Tensor, max: TensorOrScalar<'_>) -> Tensor {
    let numbers = max.is_scalar();
    let operands = together(x, &[max.beside(x.dtype())]).or_raise();
    if operands[0].dtype() == DType::Bool {
        return operands[0].logical_and(&operands[1]);
    }
    try_apply(ClampMax { numbers }, &[&operands[0], &operands[1]]).or_raise()
}

/// [`Tensor::clamp`] once its bounds are converted: compiled here, not in each crate that calls it.
#[track_caller]
fn clamp(x: &Tensor, min: TensorOrScalar<'_>, max: TensorOrScalar<'_>) -> Tensor {
    let numbers = min.is_scalar() && max.is_scalar();
    let operands = together(x, &[min.beside(x.dtype()), max.beside(x.dtype())]).or_raise();
    try_apply(Clamp { numbers }, &[&operands[0], &operands[1], &operands[2]]).or_raise()
}

impl Tensor {
    /// Every element brought between `min` and `max`, tensors or numbers: min(max(x, `min`), `max`), as
    /// [`torch.clamp`](https://pytorch.org/docs/stable/generated/torch.clamp.html). NaN stays.
    ///
    /// The gradient goes to the element between the bounds, outside them to the bound. On a bound the element gets none
    /// of it if the bound is a number, and shares it half and half with a tensor.
    ///
    /// With only one bound, use [`clamp_min`](Self::clamp_min) or [`clamp_max`](Self::clamp_max).
    ///
    /// # Shape
    /// Any three that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result
    /// has that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or all operands hold truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([-2.0, 0.5, 3.0]);
    /// assert_eq!(x.clamp(-1, 1).to_vec::<f32>(), [-1.0, 0.5, 1.0]);
    /// assert_eq!(x.clamp(0.0, &Tensor::new([1.0, 0.2, 2.0])).to_vec::<f32>(), [0.0, 0.2, 2.0]);
    /// ```
    #[track_caller]
    pub fn clamp<'a, 'b>(&self, min: impl Into<TensorOrScalar<'a>>, max: impl Into<TensorOrScalar<'b>>) -> Tensor {
        clamp(self, min.into(), max.into())
    }

    /// Every element brought to `min`, a tensor or a number, if it is less: `torch.clamp(x, min=…)`. False is less than
    /// true.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-2, 3]).clamp_min(0).to_vec::<i64>(), [0, 3]);
    /// ```
    #[track_caller]
    pub fn clamp_min<'a>(&self, min: impl Into<TensorOrScalar<'a>>) -> Tensor {
        clamp_min(self, min.into())
    }

    /// Every element brought to `max`, a tensor or a number, if it is greater: `torch.clamp(x, max=…)`. True is greater
    /// than false.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([-2, 3]).clamp_max(0).to_vec::<i64>(), [-2, 0]);
    /// ```
    #[track_caller]
    pub fn clamp_max<'a>(&self, max: impl Into<TensorOrScalar<'a>>) -> Tensor {
        clamp_max(self, max.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, check_binary, check_unary, variable};

    #[test]
    fn derivatives() {
        check_unary(|x| x.clamp(-1.0, 1.5), &[-2.0, -0.5, 0.7, 3.0]);
        check_binary(|x, min| x.clamp_min(min), [2, 3], [3]);
        check_binary(|x, max| x.clamp_max(max), [3], [2, 3]);
        check(|x| x[0].clamp(x[1], x[2]), &[&variable([2, 4]), &variable([4]), &variable([2, 1])]);
    }

    #[test]
    fn bounds_out_of_order_give_the_upper() {
        let inputs = [5.0, 3.0, 1.0].map(|value| Tensor::new([value]).requires_grad_());
        let y = inputs[0].clamp(&inputs[1], &inputs[2]);
        y.backward();
        assert_eq!(y.item(), 1.0);
        assert_eq!(inputs.map(|x| x.grad().unwrap().item()), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn gradients_on_a_bound() {
        let values = [-2.0, -1.0, 0.0, 1.0, 2.0];
        let gradient = |f: &dyn Fn(&Tensor) -> Tensor| {
            let x = Tensor::new(values).requires_grad_();
            f(&x).sum().backward();
            x.grad().unwrap().to_vec::<f32>()
        };
        assert_eq!(gradient(&|x| x.clamp(-1.0, 1.0)), [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(gradient(&|x| x.clamp_min(-1.0)), [0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(gradient(&|x| x.clamp_max(1.0)), [1.0, 1.0, 1.0, 0.0, 0.0]);
        let (min, max) = (Tensor::full([5], -1.0).requires_grad_(), Tensor::full([5], 1.0).requires_grad_());
        assert_eq!(gradient(&|x| x.clamp(&min, &max)), [0.0, 0.5, 1.0, 0.5, 0.0]);
        assert_eq!(gradient(&|x| x.clamp_min(&min)), [0.0, 0.5, 1.0, 1.0, 1.0]);
        assert_eq!(gradient(&|x| x.clamp_max(&max)), [1.0, 1.0, 1.0, 0.5, 0.0]);
        assert_eq!(min.grad().unwrap().to_vec::<f32>(), [2.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(max.grad().unwrap().to_vec::<f32>(), [0.0, 0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn nan_and_types() {
        let x = Tensor::new([f32::NAN, 1.0]);
        assert!(x.clamp(0.0, 1.0).to_vec::<f32>()[0].is_nan());
        assert!(x.clamp_min(f32::NAN).isnan().to_vec::<bool>()[1]);
        assert_eq!(Tensor::new([1, 2]).clamp(0.5, 1.5).to_vec::<f32>(), [1.0, 1.5]);
        let (x, bound) = (Tensor::new([false, false, true, true]), Tensor::new([false, true, false, true]));
        assert_eq!(x.clamp_min(&bound).to_vec::<bool>(), [false, true, true, true]);
        assert_eq!(x.clamp_max(&bound).to_vec::<bool>(), [false, false, false, true]);
    }

    #[test]
    #[should_panic(expected = "clamp: the shapes [2] and [3] cannot be broadcast")]
    fn refusal() {
        Tensor::new([1, 2]).clamp(&Tensor::new([1, 2, 3]), 5);
    }
}
