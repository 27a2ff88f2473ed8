//! Functions of one real number whose gradient is computed in one pass over the elements.
//!
//! A member of the family [`Unary`](super::Unary) writes its gradient with tensor operations, each a pass over memory.
//! A [`Curve`] writes it as a function of two numbers, which is an operation of its own, [`Slope`], with a derivative
//! of its own.

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_float;
use crate::error::{ShapeError, raise};
use crate::ops::binary::{both, zip_elements};
use crate::ops::numeric::Real;
use crate::ops::unary::map_elements;
use crate::tensor::Tensor;

/// What the derivative of a [`Curve`] is a function of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Of the input.
    Input,
    /// Of the output.
    Output,
}

/// An element-wise function of real numbers with its derivative.
pub(crate) trait Curve: Copy + Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// What the derivative is a function of; below, `at`.
    const OF: Of;
    /// The function.
    fn value<F: Real>(self, x: F) -> F;
    /// `grad` times the derivative at `at`.
    fn gradient<F: Real>(self, grad: F, at: F) -> F;
    /// The derivative of the derivative by `at`, as tensor operations; `None` where it is 0 everywhere.
    fn curvature(self, at: &Tensor) -> Option<Tensor>;
}

/// A [`Curve`] as an [`Operation`].
struct Along<C>(C);

impl<C: Curve> Operation for Along<C> {
    const NAME: &'static str = C::NAME;

    fn saves(&self) -> Saves {
        match C::OF {
            Of::Input => Saves::Inputs,
            Of::Output => Saves::Output,
        }
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let curve = self.0;
        dispatch_float!(spec.dtype, T => map_elements::<T, T>(inputs[0], #[inline(always)] move |x| curve.value(x)))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let at = match C::OF {
            Of::Input => context.input(0),
            Of::Output => context.output(),
        };
        context.first(|| apply(Slope(self.0), &[grad, &at]))
    }
}

/// The gradient of a [`Curve`] as an [`Operation`] on the gradient of the output and on `at`.
struct Slope<C>(C);

impl<C: Curve> Operation for Slope<C> {
    const NAME: &'static str = C::NAME;

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[1]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let curve = self.0;
        dispatch_float!(spec.dtype, T => {
            zip_elements::<T, T, T>(inputs[0], inputs[1], #[inline(always)] move |grad, at| curve.gradient(grad, at))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (first, at) = (context.input(0), context.input(1));
        both(
            context,
            || apply(Slope(self.0), &[grad, &at]),
            || match self.0.curvature(&at) {
                Some(curvature) => grad * first * curvature,
                None => at.zeros_like(),
            },
        )
    }
}

/// Applies a [`Curve`], at the user's line; whole numbers and truth values are converted to `f32` first.
#[track_caller]
pub(crate) fn apply_curve<C: Curve>(curve: C, x: &Tensor) -> Tensor {
    apply(Along(curve), &[&x.to(x.dtype().to_floating_point())])
}

/// Applies a [`Curve`] that is for real numbers alone, at the user's line.
#[track_caller]
pub(crate) fn apply_activation<C: Curve>(curve: C, x: &Tensor) -> Tensor {
    if !x.dtype().is_floating_point() {
        raise(
            ShapeError::new(C::NAME, format!("the elements must be real numbers, but they are {}", x.dtype()))
                .help("convert them with x.to(DType::F32) first"),
        );
    }
    apply(Along(curve), &[x])
}
