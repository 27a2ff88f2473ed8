//! `div`.

use super::{both, prepare, zip_elements};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

struct Div;

impl Operation for Div {
    const NAME: &'static str = "div";

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], |a, b| a / b))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        both(context, || grad / context.input(1), || -(grad * context.output() / context.input(1)))
    }
}

impl Tensor {
    /// Quotients, element by element, also written `&a / &b` or with a scalar on either side:
    /// [`torch.div`](https://pytorch.org/docs/stable/generated/torch.div.html). Whole numbers are converted to `f32`
    /// first: this is true division.
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
    /// let (a, b) = (Tensor::new([3, 4]), Tensor::new([2, 8]));
    /// assert_eq!(a.div(&b).to_vec::<f32>(), [1.5, 0.5]);
    /// ```
    #[track_caller]
    pub fn div(&self, other: &Tensor) -> Tensor {
        let dtype = self.dtype().promote(other.dtype()).to_floating_point();
        let (a, b) = prepare("div", self, other, dtype).or_raise();
        apply(Div, &[&a, &b])
    }

    /// The same as [`div`](Self::div):
    /// [`torch.true_divide`](https://pytorch.org/docs/stable/generated/torch.true_divide.html).
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([3]).true_divide(&Tensor::new([2])).to_vec::<f32>(), [1.5]);
    /// ```
    #[track_caller]
    pub fn true_divide(&self, other: &Tensor) -> Tensor {
        self.div(other)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_binary;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.div(b), [2, 3], [2, 3]);
        check_binary(|a, b| a.div(b), [2, 1, 3], [4, 1]);
    }
}
