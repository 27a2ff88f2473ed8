//! Differentiable functions of the user's own.

use super::operation::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// A function with a backward written by hand: `torch.autograd.Function`.
///
/// A composition of tensor operations needs none of this: it is differentiated as it is. A `Function` is for a better
/// formula, or for arithmetic done outside jimu.
///
/// # Examples
/// ```
/// use jimu::autograd::{Context, Function, Gradients, apply_function};
/// use jimu::Tensor;
///
/// /// x³, with its derivative written out.
/// struct Cube;
///
/// impl Function for Cube {
///     const NAME: &'static str = "Cube";
///     fn forward(&mut self, inputs: &[&Tensor]) -> Tensor {
///         inputs[0] * inputs[0] * inputs[0]
///     }
///     fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
///         let x = context.input(0);
///         context.first(|| grad * (&x * &x * 3.0))
///     }
/// }
///
/// let x = Tensor::new([2.0]).requires_grad_();
/// let y = apply_function(Cube, &[&x]);
/// y.backward();
/// assert_eq!((y.item(), x.grad().unwrap().item()), (8.0, 12.0));
/// ```
pub trait Function: Send + Sync + 'static {
    /// The name in messages.
    const NAME: &'static str;

    /// The values; nothing is recorded while it runs. `self` can keep what backward needs besides the inputs and the
    /// output, which the [`Context`] gives.
    fn forward(&mut self, inputs: &[&Tensor]) -> Tensor;

    /// From the gradient of the output, that of each input, in order; `None` where none flows.
    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients;
}

/// A [`Function`] as an [`Operation`]: only running it tells its shape.
struct Custom<F> {
    function: F,
    output: Option<Tensor>,
}

impl<F: Function> Operation for Custom<F> {
    const NAME: &'static str = F::NAME;

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, _inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let output = self.output.as_ref().expect("apply_function computes first");
        Ok(Spec::like(output))
    }

    fn forward(&mut self, _inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        self.output.take().expect("apply_function computes first")
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        self.function.backward(context, grad)
    }
}

/// Applies a [`Function`] to `inputs`: `Function.apply(…)`.
///
/// # Panics
/// As the function's own `forward` does.
#[track_caller]
pub fn apply_function<F: Function>(mut function: F, inputs: &[&Tensor]) -> Tensor {
    let output = super::no_grad(|| function.forward(inputs)).detach();
    try_apply(Custom { function, output: Some(output) }, inputs).or_raise()
}
