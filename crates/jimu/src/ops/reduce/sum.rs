//! `sum` and `mean`.

use jimu_kernels::reduce::Fold;

use super::{Over, fold_elements};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, try_apply};
use crate::dtype::{DType, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::Number;
use crate::tensor::{Dims, Shape, Tensor};

struct Sum {
    over: Over,
    input: Shape,
}

struct Total;

impl<N: Number> Fold<N> for Total {
    type Accumulator = N;
    fn identity(&self) -> N {
        N::ZERO
    }
    #[inline(always)]
    fn step(&self, total: N, element: N) -> N {
        total.plus(element)
    }
    #[inline(always)]
    fn merge(&self, a: N, b: N) -> N {
        a.plus(b)
    }
}

impl Operation for Sum {
    const NAME: &'static str = "sum";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), self.over.shape(inputs[0].shape())))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => fold_elements::<T, T, _>(inputs[0], &self.over, &Total))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| self.over.spread(grad, &self.input))
    }
}

/// Whole numbers and truth values are counted in `i64`.
fn countable(x: &Tensor) -> Tensor {
    if x.dtype().is_floating_point() { x.clone() } else { x.to(DType::I64) }
}

fn try_sum(x: &Tensor, dims: Dims, keepdim: bool, name: &str) -> Result<Tensor, ShapeError> {
    let over = Over::dims(x, dims, keepdim, name)?;
    try_apply(Sum { over, input: x.size() }, &[&countable(x)])
}

impl Tensor {
    /// The sum of all elements, 0-d: [`torch.sum`](https://pytorch.org/docs/stable/generated/torch.sum.html). Whole
    /// numbers and truth values are summed in `i64`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1.0, 2.0]).sum().item(), 3.0);
    /// assert_eq!(Tensor::new([true, true]).sum().item(), 2.0);
    /// ```
    #[track_caller]
    pub fn sum(&self) -> Tensor {
        apply(Sum { over: Over::all(self), input: self.size() }, &[&countable(self)])
    }

    /// The sums over the dimensions `dims`, which go, or stay with size 1: `x.sum(dim, keepdim)`.
    ///
    /// # Args
    /// - `dims`: one dimension or several, which may count from the end; none means all.
    ///
    /// # Panics
    /// If there is no such dimension, or one is named twice.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum_dim(0, false).to_vec::<f32>(), [4.0, 6.0]);
    /// assert_eq!(x.sum_dim(-1, true).size(), [2, 1]);
    /// ```
    #[track_caller]
    pub fn sum_dim(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        try_sum(self, dims.into(), keepdim, "sum").or_raise()
    }

    /// The mean of all elements, 0-d: [`torch.mean`](https://pytorch.org/docs/stable/generated/torch.mean.html).
    ///
    /// # Panics
    /// If the elements are not real numbers.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::new([1.0, 2.0]).mean().item(), 1.5);
    /// ```
    #[track_caller]
    pub fn mean(&self) -> Tensor {
        mean_rule(self).or_raise();
        self.sum() / self.numel() as f64
    }

    /// The means over the dimensions `dims`, which go, or stay with size 1: `x.mean(dim, keepdim)`.
    ///
    /// # Panics
    /// If the elements are not real numbers, or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 2.0], [3.0, 5.0]]);
    /// assert_eq!(x.mean_dim(1, false).to_vec::<f32>(), [1.5, 4.0]);
    /// ```
    #[track_caller]
    pub fn mean_dim(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        mean_rule(self).or_raise();
        let dims = dims.into();
        let over = Over::dims(self, dims.clone(), keepdim, "mean").or_raise();
        try_sum(self, dims, keepdim, "mean").or_raise() / over.count(self.shape()) as f64
    }
}

fn mean_rule(x: &Tensor) -> Result<(), ShapeError> {
    match x.dtype().is_floating_point() {
        true => Ok(()),
        false => {
            Err(ShapeError::new("mean", format!("the elements are {}, and their mean would be no such", x.dtype()))
                .help("convert them with x.to(DType::F32) first"))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].sum() * x[1], &[&variable([2, 3]), &variable([1])]);
        check(|x| x[0].sum_dim([0, -1], true) * x[1], &[&variable([2, 3, 2]), &variable([3, 1])]);
        check(|x| x[0].mean_dim(1, false), &[&variable([2, 3, 2])]);
    }

    #[test]
    fn sums_over_any_layout() {
        let x = Tensor::arange(0, 24).reshape([2, 3, 4]).permute([2, 0, 1]);
        assert_eq!(x.sum_dim(2, false).to_vec::<i64>(), [12, 48, 15, 51, 18, 54, 21, 57]);
        assert_eq!(x.sum_dim([0, 1], false).to_vec::<i64>(), [60, 92, 124]);
        assert_eq!(Tensor::zeros([0, 3]).sum_dim(0, false).to_vec::<f32>(), [0.0; 3]);
    }

    #[test]
    #[should_panic(expected = "mean: the elements are int64")]
    fn refusal() {
        Tensor::new([1, 2]).mean();
    }
}
