//! `add`.

use super::{Binary, apply_binary, both};
use crate::autograd::{Context, Gradients, Saves};
use crate::dtype::DType;
use crate::ops::numeric::Number;
use crate::tensor::Tensor;

#[derive(Clone, Copy)]
pub(crate) struct Add;

impl Binary for Add {
    const NAME: &'static str = "add";
    const SAVES: Saves = Saves::Nothing;

    #[inline(always)]
    fn value<N: Number>(self, a: N, b: N) -> N {
        a.plus(b)
    }

    fn gradients(self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        both(context, || grad.clone(), || grad.clone())
    }
}

impl Tensor {
    /// Sums, element by element, also written with the operator between tensors or with a scalar on either side:
    /// [`torch.add`](https://pytorch.org/docs/stable/generated/torch.add.html). Of truth values it is whether either is true.
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
    /// let (a, b) = (Tensor::new([[1.0, 2.0], [3.0, 4.0]]), Tensor::new([2.0, 4.0]));
    /// assert_eq!(a.add(&b).to_vec::<f32>(), [3.0, 6.0, 5.0, 8.0]);
    /// assert_eq!((&a + 2.0).to_vec::<f32>(), (&a + &Tensor::new(2.0)).to_vec::<f32>());
    /// ```
    #[track_caller]
    pub fn add(&self, other: &Tensor) -> Tensor {
        if self.dtype() == DType::Bool && other.dtype() == DType::Bool {
            return self.logical_or(other);
        }
        apply_binary(Add, self, other)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_binary;
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.add(b), [2, 3], [2, 3]);
        check_binary(|a, b| a.add(b), [2, 1, 3], [4, 1]);
    }

    #[test]
    fn truth_values() {
        let (a, b) = (Tensor::new([true, true, false]), Tensor::new([true, false, false]));
        assert_eq!(a.add(&b).to_vec::<bool>(), [true, true, false]);
    }
}
