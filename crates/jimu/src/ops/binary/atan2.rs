//! `atan2`.

use super::{both, prepare, zip_elements};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

struct Atan2;

impl Operation for Atan2 {
    const NAME: &'static str = "atan2";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], |y, x| y.atan2(x)))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (y, x) = (context.input(0), context.input(1));
        let scaled = grad / (y.square() + x.square());
        both(context, || &scaled * &x, || -(&scaled * &y))
    }
}

impl Tensor {
    /// The angle in radians between the first axis and the point (`other`, `self`), element by element:
    /// [`torch.atan2`](https://pytorch.org/docs/stable/generated/torch.atan2.html). Whole numbers are converted to
    /// `f32` first.
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
    /// let (y, x) = (Tensor::new([0.0, 1.0]), Tensor::new([-1.0, 0.0]));
    /// assert_eq!(y.atan2(&x).to_vec::<f32>(), [std::f32::consts::PI, std::f32::consts::FRAC_PI_2]);
    /// ```
    #[track_caller]
    pub fn atan2(&self, other: &Tensor) -> Tensor {
        let dtype = self.dtype().promote(other.dtype()).to_floating_point();
        let (y, x) = prepare("atan2", self, other, dtype).or_raise();
        apply(Atan2, &[&y, &x])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_binary;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.atan2(b), [2, 3], [2, 3]);
        check_binary(|a, b| a.atan2(b), [2, 1, 3], [4, 1]);
    }
}
