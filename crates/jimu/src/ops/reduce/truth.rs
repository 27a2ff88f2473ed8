//! `all`, `any` and `count_nonzero`.

use jimu_kernels::reduce::Fold;

use super::{Over, fold_elements};
use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Tensor};

/// Whether all elements are true, or with `ALL` false, any of them.
struct Truth<const ALL: bool> {
    over: Over,
}

impl<const ALL: bool> Fold<u8> for Truth<ALL> {
    type Accumulator = u8;

    fn identity(&self) -> u8 {
        u8::from(ALL)
    }

    #[inline(always)]
    fn step(&self, so_far: u8, element: u8) -> u8 {
        if ALL { so_far & element } else { so_far | element }
    }

    #[inline(always)]
    fn merge(&self, a: u8, b: u8) -> u8 {
        self.step(a, b)
    }
}

impl<const ALL: bool> NoDerivative for Truth<ALL> {
    const NAME: &'static str = if ALL { "all" } else { "any" };

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(DType::Bool, self.over.shape(inputs[0].shape())))
    }

    fn forward(&self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        fold_elements::<bool, bool, _>(inputs[0], &self.over, self)
    }
}

/// Whether every element is true, or any. Not generic, as the methods are: compiled here, not in each crate that calls them.
#[track_caller]
fn truth(x: &Tensor, over: Over, every: bool) -> Tensor {
    match every {
        true => apply_truth::<true>(x, over),
        false => apply_truth::<false>(x, over),
    }
}

#[track_caller]
fn apply_truth<const ALL: bool>(x: &Tensor, over: Over) -> Tensor {
    let result = apply_without_derivative(Truth::<ALL> { over }, &[&x.detach().to(DType::Bool)]);
    // Bytes answer in bytes, as in PyTorch.
    if x.dtype() == DType::U8 { result.to(DType::U8) } else { result }
}

impl Tensor {
    /// Whether every element is true, that is, other than 0; 0-d:
    /// [`torch.all`](https://pytorch.org/docs/stable/generated/torch.all.html).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([true, false]).all().to_vec::<bool>(), [false]);
    /// ```
    #[track_caller]
    pub fn all(&self) -> Tensor {
        truth(self, Over::all(self), true)
    }

    /// Whether every element is true, over the dimensions `dims`, which go, or stay with size 1.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[1, 0], [2, 3]]).all_dim(1, false).to_vec::<bool>(), [false, true]);
    /// ```
    #[track_caller]
    pub fn all_dim(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        truth(self, Over::dims(self, dims, keepdim, "all").or_raise(), true)
    }

    /// Whether any element is true, that is, other than 0; 0-d:
    /// [`torch.any`](https://pytorch.org/docs/stable/generated/torch.any.html).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([true, false]).any().to_vec::<bool>(), [true]);
    /// ```
    #[track_caller]
    pub fn any(&self) -> Tensor {
        truth(self, Over::all(self), false)
    }

    /// Whether any element is true, over the dimensions `dims`, which go, or stay with size 1.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[0.0, 0.0], [0.0, 0.5]]).any_dim(1, false).to_vec::<bool>(), [false, true]);
    /// ```
    #[track_caller]
    pub fn any_dim(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        truth(self, Over::dims(self, dims, keepdim, "any").or_raise(), false)
    }

    /// The number of elements other than 0, over the dimensions `dims`; `..` counts them all:
    /// [`torch.count_nonzero`](https://pytorch.org/docs/stable/generated/torch.count_nonzero.html).
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[0.0, 1.0], [2.0, 3.0]]);
    /// assert_eq!(x.count_nonzero(..).item(), 3.0);
    /// assert_eq!(x.count_nonzero(0).to_vec::<i64>(), [1, 2]);
    /// ```
    #[track_caller]
    pub fn count_nonzero(&self, dims: impl Into<Dims>) -> Tensor {
        self.detach().to(DType::Bool).sum_dim(dims, false)
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn nothing_at_all() {
        let x = Tensor::zeros([0]);
        assert_eq!((x.all().item(), x.any().item()), (1.0, 0.0));
    }

    #[test]
    fn nan_is_true_and_no_gradient_is_asked_for() {
        let x = Tensor::new([[f32::NAN, 0.0], [0.0, 0.0]]).requires_grad_();
        assert_eq!(x.any_dim([0, 1], true).to_vec::<bool>(), [true]);
        assert!(!x.any().requires_grad());
        assert_eq!(Tensor::new([1u8, 2]).all().to_vec::<u8>(), [1]);
    }
}
