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

    /// From the gradient of the output, that of each input, in order; `None` where none flows. `backward()` panics if there
    /// are more or fewer, or one has another shape than its input.
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
        let gradients = self.function.backward(context, grad);
        check::<F>(context, &gradients).or_raise();
        gradients
    }
}

/// Refuses gradients that are too few, too many, or of other shapes than the inputs.
fn check<F: Function>(context: &Context<'_>, gradients: &Gradients) -> Result<(), ShapeError> {
    let refuse =
        |problem: String, fix: &str| Err(ShapeError::new(format!("backward of {}", F::NAME), problem).help(fix));
    let (inputs, given) = (context.inputs(), gradients.len());
    if given != inputs {
        let problem = format!("it gives {given} gradients, but forward took {inputs} inputs");
        return refuse(problem, "give one for each input, in order, and None where none flows");
    }
    for (index, gradient) in gradients.iter().enumerate() {
        let (Some(gradient), Some(shape)) = (gradient, context.input_shape(index)) else { continue };
        if gradient.shape() != shape {
            let problem = format!("gradient {index} has shape {}, but input {index} has {shape}", gradient.shape());
            return refuse(problem, "a gradient has the shape of its input: sum over what was broadcast");
        }
    }
    Ok(())
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
