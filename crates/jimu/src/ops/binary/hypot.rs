//! `hypot`.

use super::{both, prepare, zip_elements};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::Elementary;
use crate::tensor::Tensor;

struct Hypot;

impl Operation for Hypot {
    const NAME: &'static str = "hypot";

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], Elementary::hypot))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let scaled = grad / context.output();
        both(context, || &scaled * context.input(0), || &scaled * context.input(1))
    }
}

impl Tensor {
    /// √(a² + b²), element by element, without overflow in between:
    /// [`torch.hypot`](https://pytorch.org/docs/stable/generated/torch.hypot.html). Whole numbers are converted to `f32`
    /// first.
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
    /// assert_eq!(Tensor::new([3.0, 1e30]).hypot(&Tensor::new([4.0, 0.0])).to_vec::<f32>(), [5.0, 1e30]);
    /// ```
    #[track_caller]
    pub fn hypot(&self, other: &Tensor) -> Tensor {
        let dtype = self.dtype().promote(other.dtype()).to_floating_point();
        let (a, b) = prepare("hypot", self, other, dtype).or_raise();
        apply(Hypot, &[&a, &b])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_binary;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.hypot(b), [2, 3], [3]);
    }
}
