//! `sub`.

use super::{Binary, apply_binary, both};
use crate::autograd::{Context, Gradients, Saves};
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
pub(crate) struct Sub;

impl Binary for Sub {
    const NAME: &'static str = "sub";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        a.minus(b)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        both(context, || grad.clone(), || grad.neg())
    }
}

impl Tensor {
    /// Differences, element by element, also written with the operator between tensors or with a scalar on either side:
    /// [`torch.sub`](https://pytorch.org/docs/stable/generated/torch.sub.html).
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or both tensors hold truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([[1.0, 2.0], [3.0, 4.0]]), Tensor::new([2.0, 4.0]));
    /// assert_eq!(a.sub(&b).to_vec::<f32>(), [-1.0, -2.0, 1.0, 0.0]);
    /// assert_eq!((&a - 2.0).to_vec::<f32>(), (&a - &Tensor::new(2.0)).to_vec::<f32>());
    /// ```
    #[track_caller]
    pub fn sub(&self, other: &Tensor) -> Tensor {
        apply_binary(Sub, self, other)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_binary;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.sub(b), [2, 3], [2, 3]);
        check_binary(|a, b| a.sub(b), [2, 1, 3], [4, 1]);
    }
}
